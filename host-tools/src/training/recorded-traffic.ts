// Reads recorded requests, one a line: JSON objects, or CSV with a first line of names. Access logs
// differ, these names do not; a proxy's log format can print them as they are.
//
//   arrival_ms, route, latency_ms, status           required
//   method (GET), path, path_bytes, query_bytes, header_bytes, header_count, content_bytes,
//   ttfb_ms (latency_ms), limited (false)           optional

import { ExitCode, GanglionError } from "../lib/errors";
import type { FeatureSequence, TrafficRequest } from "../model/traffic";
import { FEATURES } from "../contract";

/** A line's fields by name, still text or JSON values. */
type Fields = Record<string, unknown>;

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

function refuse(line: number, problem: string): GanglionError {
  return new GanglionError("E_TRAFFIC_LINE", `traffic line ${line}: ${problem}`, {
    exitCode: ExitCode.badInput,
    hint: "One request a line: arrival_ms, route, latency_ms and status at least.",
  });
}

/**
 * Parses JSON lines or CSV, told apart by the first character.
 * @throws GanglionError E_TRAFFIC_LINE naming the line, E_TRAFFIC_EMPTY when there is none
 */
export function parseTraffic(text: string): TrafficRequest[] {
  const lines = text.split(/\r?\n/);
  const first = lines.findIndex((line) => line.trim() !== "");
  if (first < 0) {
    throw new GanglionError("E_TRAFFIC_EMPTY", "the traffic file has no lines", {
      exitCode: ExitCode.badInput,
      hint: "Record some traffic first, or train with `--from synthetic`.",
    });
  }
  const json = lines[first]!.trimStart().startsWith("{");
  const names = json ? [] : splitCsv(lines[first]!);
  const requests: TrafficRequest[] = [];
  lines.forEach((line, index) => {
    if (line.trim() === "" || (!json && index <= first)) return;
    const fields = json ? parseJson(line, index + 1) : zip(names, splitCsv(line), index + 1);
    requests.push(toRequest(fields, index + 1));
  });
  return startAtOneSecond(requests);
}

function parseJson(line: string, number: number): Fields {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Fields;
  } catch {
    // Told below, as for any other value that is no object.
  }
  throw refuse(number, "is not a JSON object");
}

/** Fields of one CSV line; quotes may hold commas, doubled quotes are one. */
function splitCsv(line: string): string[] {
  const fields: string[] = [];
  const pattern = /("(?:[^"]|"")*"|[^,]*)(,|$)/g;
  for (let match = pattern.exec(line); match !== null; match = pattern.exec(line)) {
    const field = match[1]!;
    fields.push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field.trim());
    if (match[2] === "") break;
  }
  return fields;
}

function zip(names: readonly string[], values: readonly string[], line: number): Fields {
  if (names.length !== values.length) {
    throw refuse(line, `has ${values.length} fields, the first line names ${names.length}`);
  }
  return Object.fromEntries(
    names.flatMap((name, i) => (values[i] === "" ? [] : [[name, values[i]]])),
  );
}

function toRequest(fields: Fields, line: number): TrafficRequest {
  const number = (name: string, fallback?: number): number => {
    const value = fields[name];
    if (value === undefined && fallback !== undefined) return fallback;
    const parsed = typeof value === "string" ? Number(value) : value;
    if (typeof parsed === "number" && Number.isFinite(parsed) && parsed >= 0) return parsed;
    const shown = value === undefined ? "missing" : JSON.stringify(value);
    throw refuse(line, `${name} is ${shown}, must be a number of at least 0`);
  };
  const { route, method = "GET", path } = fields;
  if (typeof route !== "string" || route === "") throw refuse(line, "route is missing");
  if (path !== undefined && typeof path !== "string") throw refuse(line, "path is not a string");
  const query = path?.indexOf("?") ?? -1;
  const pathBytes =
    path === undefined ? 16 : Buffer.byteLength(query < 0 ? path : path.slice(0, query));
  const queryBytes = query < 0 ? 0 : Buffer.byteLength(path!.slice(query + 1));
  const latencyMs = number("latency_ms");
  return {
    arrivalMs: number("arrival_ms"),
    route,
    unsafeMethod: SAFE_METHODS.has(String(method).toUpperCase()) ? 0 : 1,
    pathBytes: number("path_bytes", pathBytes),
    queryBytes: number("query_bytes", queryBytes),
    headerBytes: number("header_bytes", 600),
    headerCount: number("header_count", 16),
    contentBytes: number("content_bytes", 0),
    ttfbMs: Math.min(latencyMs, number("ttfb_ms", latencyMs)),
    latencyMs,
    status: number("status"),
    limited: [true, "true", 1, "1"].includes(fields["limited"] as string | number | boolean),
    faulty: false,
  };
}

/** Moves the origin: time 0 would read as "never" in a route's memory. */
function startAtOneSecond(requests: readonly TrafficRequest[]): TrafficRequest[] {
  const start = requests.reduce((least, r) => Math.min(least, r.arrivalMs), Infinity);
  return requests.map((r) => ({ ...r, arrivalMs: r.arrivalMs - start + 1000 }));
}

/** A part of every sequence, by shares of its length. */
export function sliceSequences(
  sequences: readonly FeatureSequence[],
  from: number,
  to: number,
): FeatureSequence[] {
  return sequences.map(({ route, vectors, faulty }) => {
    const start = Math.floor(from * faulty.length);
    const end = Math.floor(to * faulty.length);
    return {
      route,
      vectors: vectors.subarray(start * FEATURES, end * FEATURES),
      faulty: faulty.subarray(start, end),
    };
  });
}
