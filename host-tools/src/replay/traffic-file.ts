// Reads a traffic file, whatever of the known forms it has: JSON lines or CSV of requests, or one of the
// published LLM traces. Told apart by the first line. Read in pieces, because recordings are larger than a
// string may be, and sorted by time, because logs are written when a request ends.

import { createReadStream } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { ExitCode, GanglionError } from "../lib/errors";
import { inputName, reasonOf, STDIN } from "../lib/input";
import { HeaderCache, lineError, recordedRequest, type RecordedRequest } from "./recorded-request";
import { AZURE_COLUMNS, azureRequest, mooncakeRequest } from "./trace-request";

type LineReader = (line: string, number: number) => RecordedRequest;

/**
 * All requests in order of time, the first at 0.
 *
 * @param file a path, or `-`
 * @throws GanglionError E_INPUT, E_REPLAY_LINE, E_REPLAY_EMPTY
 */
export async function readTrafficFile(file: string): Promise<RecordedRequest[]> {
  const stream = file === STDIN ? process.stdin : createReadStream(file);
  try {
    return await readTraffic(stream as AsyncIterable<Buffer>);
  } catch (cause) {
    if (cause instanceof GanglionError) throw cause;
    throw new GanglionError("E_INPUT", `cannot read ${inputName(file)}: ${reasonOf(cause)}`, {
      cause,
      hint: "Name a file that exists, or `-` for standard input.",
      exitCode: ExitCode.badInput,
    });
  }
}

/** As readTrafficFile, from pieces of bytes. */
export async function readTraffic(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<RecordedRequest[]> {
  const requests: RecordedRequest[] = [];
  let read: LineReader | undefined;
  let number = 0;
  const take = (line: string): void => {
    number++;
    if (line.trim() === "") return;
    if (read === undefined) {
      read = readerFor(line, number);
      if (!line.trimStart().startsWith("{")) return;
    }
    requests.push(read(line, number));
  };
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const piece of pieces) {
    const lines = (rest + decoder.write(Buffer.from(piece))).split("\n");
    rest = lines.pop() ?? "";
    // Not a generator of lines: awaiting each of a million costs as much as parsing it.
    lines.forEach(take);
  }
  take(rest + decoder.end());
  if (requests.length > 0) return inOrder(requests);
  throw new GanglionError("E_REPLAY_EMPTY", "the traffic file has no requests", {
    hint: "docs/reference/replay.md describes the format.",
    exitCode: ExitCode.badInput,
  });
}

function readerFor(first: string, number: number): LineReader {
  const cache = new HeaderCache();
  if (first.trim().startsWith(AZURE_COLUMNS)) return (line, n) => azureRequest(line, n, cache);
  if (!first.trimStart().startsWith("{")) return csvReader(first, number, cache);
  const isMooncake = first.includes('"input_length"') && !first.includes('"at_ms"');
  return (line, n) => {
    const fields = parseObject(line, n);
    return isMooncake ? mooncakeRequest(fields, n, cache) : recordedRequest(fields, n, cache);
  };
}

function parseObject(line: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Told below, as for any other value that is no object.
  }
  throw lineError(number, "is not a JSON object");
}

/** Columns by name; a column `header:NAME` is a request header. No quoting: none of these needs it. */
function csvReader(first: string, at: number, cache: HeaderCache): LineReader {
  const names = first.trim().split(",");
  const hasTime = names.includes("at_ms") || names.includes("arrival_ms");
  if (!hasTime || !names.includes("latency_ms")) {
    throw lineError(at, "names no columns at_ms and latency_ms, and is no JSON and no known trace");
  }
  return (line, number) => {
    const cells = line.trim().split(",");
    if (cells.length !== names.length) {
      throw lineError(number, `has ${cells.length} cells for ${names.length} columns`);
    }
    const fields: Record<string, unknown> = {};
    const headers: Record<string, string> = {};
    names.forEach((name, i) => {
      const cell = cells[i]!.trim();
      if (!name.startsWith("header:")) fields[name] = cell;
      else if (cell !== "") headers[name.slice("header:".length)] = cell;
    });
    return recordedRequest({ ...fields, headers }, number, cache);
  };
}

function inOrder(requests: RecordedRequest[]): RecordedRequest[] {
  const isSorted = requests.every((one, i) => i === 0 || one.atMs >= requests[i - 1]!.atMs);
  if (!isSorted) requests.sort((a, b) => a.atMs - b.atMs);
  const firstMs = requests[0]!.atMs;
  return firstMs === 0 ? requests : requests.map((one) => ({ ...one, atMs: one.atMs - firstMs }));
}
