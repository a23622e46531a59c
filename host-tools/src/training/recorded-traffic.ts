// Reads recorded requests, one a line: JSON objects, or CSV with a first line of names. The names
// are this tool's own, or those of Envoy's access logs (access-log.ts); docs/reference/training.md
// lists them.
//
//   arrival_ms or at_ms, latency_ms, status                            required
//   route, method (GET), path, path_bytes, query_bytes, headers, header_bytes, header_count,
//   content_bytes, ttfb_ms (latency_ms), attempt (1), limited (false)   optional

import { FEATURES } from "../contract";
import { ExitCode, GanglionError } from "../lib/errors";
import type { FeatureSequence, TrafficRequest } from "../model/traffic";
import { type Fields, fromAccessLog, givenName, routeOf } from "./access-log";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
/** No request lasts longer; beyond lies a unit mistaken. */
const LATENCY_MS_MAX = 86_400_000;
/** Nor is a time later than the year 2286, or a size beyond a tebibyte. */
const TIME_MS_MAX = 1e13;
const BYTES_MAX = 2 ** 40;
/** What stands in for sizes that a recording does not have. */
const USUAL = { pathBytes: 16, headerBytes: 600, headerCount: 16 } as const;

const LATENCIES_BY_ARM =
  "Latencies by arm are for `ganglion replay`; give the one that was measured.";

function refuse(line: number, problem: string, hint?: string): GanglionError {
  return new GanglionError("E_TRAFFIC_LINE", `traffic line ${line}: ${problem}`, {
    exitCode: ExitCode.badInput,
    hint: hint ?? "One request a line: arrival_ms, latency_ms and status at least.",
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
    requests.push(toRequest(present(fields), index + 1));
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

/** Fields that say something: Envoy logs what it does not know as null or as a dash. */
function present(fields: Fields): Fields {
  const silent = new Set<unknown>([null, "-", ""]);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !silent.has(value)));
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

function toRequest(given: Fields, line: number): TrafficRequest {
  const fields = fromAccessLog(given);
  const number = (name: string, high: number, fallback?: number): number => {
    const value = fields[name];
    if (value === undefined && fallback !== undefined) return fallback;
    const parsed = typeof value === "string" ? Number(value) : value;
    if (typeof parsed === "number" && parsed >= 0 && parsed <= high) return parsed;
    if (value !== undefined) {
      const shown = `${givenName(given, name)} is ${JSON.stringify(value)}`;
      const byArm = typeof value === "object" ? LATENCIES_BY_ARM : undefined;
      throw refuse(line, `${shown}, must be a number from 0 to ${high}`, byArm);
    }
    throw refuse(line, `${name} is missing`, hintFor(fields));
  };
  const method = textOf(fields, "method", line) ?? "GET";
  const path = textOf(fields, "path", line);
  const route = textOf(fields, "route", line) ?? routeOf(method, path);
  if (route === undefined) {
    throw refuse(line, "route is missing, and there is no path to take one from");
  }
  const [place, query] = splitPath(path);
  const headers = headerSize(fields["headers"]);
  const latencyMs = number("latency_ms", LATENCY_MS_MAX);
  return {
    arrivalMs: number("arrival_ms", TIME_MS_MAX),
    route,
    unsafeMethod: SAFE_METHODS.has(method.toUpperCase()) ? 0 : 1,
    pathBytes: number("path_bytes", BYTES_MAX, place?.length ?? USUAL.pathBytes),
    queryBytes: number("query_bytes", BYTES_MAX, query.length),
    headerBytes: number("header_bytes", BYTES_MAX, headers?.bytes ?? USUAL.headerBytes),
    headerCount: number("header_count", BYTES_MAX, headers?.count ?? USUAL.headerCount),
    contentBytes: number("content_bytes", BYTES_MAX, 0),
    ttfbMs: Math.min(latencyMs, number("ttfb_ms", LATENCY_MS_MAX, latencyMs)),
    latencyMs,
    status: number("status", 599),
    limited: [true, "true", 1, "1"].includes(fields["limited"] as string | number | boolean),
    faulty: false,
    attempt: number("attempt", 1000, 1),
    ...(place === undefined ? {} : { path: place.toString() }),
  };
}

/** Why a required field may be missing, and what to do. */
function hintFor(fields: Fields): string | undefined {
  if (!("verdict" in fields)) return undefined;
  return "This is what `ganglion replay` printed, without latencies: train on the recording itself.";
}

function textOf(fields: Fields, name: string, line: number): string | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === "string") return value;
  throw refuse(line, `${name} is ${JSON.stringify(value)}, must be a string`);
}

/** Bytes of the path without and of the query; both are clients' bytes, and sizes count bytes. */
function splitPath(path: string | undefined): [Buffer | undefined, Buffer] {
  if (path === undefined) return [undefined, Buffer.alloc(0)];
  const at = path.indexOf("?");
  const place = Buffer.from(at < 0 ? path : path.slice(0, at));
  return [place, Buffer.from(at < 0 ? "" : path.slice(at + 1))];
}

/** Sizes of a recording's header list, in any of the forms that `replay` takes. */
function headerSize(headers: unknown): { bytes: number; count: number } | undefined {
  if (typeof headers !== "object" || headers === null) return undefined;
  const pairs: unknown[] = Array.isArray(headers) ? headers : Object.entries(headers);
  const bytes = Buffer.byteLength(pairs.flat(2).map(String).join(""));
  return { bytes, count: pairs.length };
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
