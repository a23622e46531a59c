// One recorded request, as a line of a traffic file says it. Checked field by field with the line's number,
// because such files are made by other people's log formats.

import { HeaderSet, type Header } from "../embedded/header-set";
import { ExitCode, GanglionError } from "../lib/errors";

/** Latency in ms: one, or by the arm that the filter chooses (`*` for the others). */
export type RecordedLatency = number | ReadonlyMap<string, number>;

export interface RecordedRequest {
  readonly atMs: number;
  readonly headers: HeaderSet;
  /** First to last byte of the exchange. */
  readonly latencyMs: RecordedLatency;
  /** Until the response's headers; undefined: the whole latency. */
  readonly ttfbMs: number | undefined;
  /** 0: the client went away before an answer. */
  readonly status: number;
}

/** No request lasts longer; beyond lies a unit mistaken. */
const MS_MAX = 86_400_000;
/** Nanoseconds are counted in doubles. */
const AT_MS_MAX = Number.MAX_SAFE_INTEGER / 1e6;

export function lineError(line: number, problem: string): GanglionError {
  return new GanglionError("E_REPLAY_LINE", `traffic line ${line}: ${problem}`, {
    hint: "docs/reference/replay.md describes the format.",
    exitCode: ExitCode.badInput,
  });
}

/** The pseudo headers of a request. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
}

/** Header lists met so far: traffic has few different ones, and compiling one costs microseconds. */
export class HeaderCache {
  private readonly known = new Map<string, HeaderSet>();

  /**
   * @param more the line's other headers, in one of the forms of docs/reference/replay.md
   * @throws GanglionError E_REPLAY_LINE for a name or value that no header can have
   */
  get(line: number, { method, path, authority }: RequestHead, more: unknown): HeaderSet {
    const rest = more === undefined ? "" : JSON.stringify(more);
    const key = `${method}\n${path}\n${authority}\n${rest}`;
    let set = this.known.get(key);
    if (set !== undefined) return set;
    const pseudo: Header[] = [
      [":method", method],
      [":path", path],
      [":authority", authority],
      [":scheme", "http"],
    ];
    try {
      set = HeaderSet.compile("request", [...pseudo, ...headerList(line, more)]);
    } catch (cause) {
      if (cause instanceof GanglionError && cause.code === "E_REPLAY_LINE") throw cause;
      throw lineError(line, (cause as Error).message);
    }
    // A file with an id in every request must not fill the memory with lists that never come again.
    if (this.known.size < 65_536) this.known.set(key, set);
    return set;
  }
}

/**
 * @param fields the line's object, or a CSV line's columns by name
 * @throws GanglionError E_REPLAY_LINE
 */
export function recordedRequest(
  fields: Readonly<Record<string, unknown>>,
  line: number,
  cache: HeaderCache,
): RecordedRequest {
  const head = {
    method: text(fields["method"], "GET", "method", line),
    path: text(fields["path"], "/", "path", line),
    authority: text(fields["authority"], "recorded", "authority", line),
  };
  const ttfb = fields["ttfb_ms"];
  const status = number(fields["status"] ?? 200, "status", line, 599);
  if (!Number.isInteger(status) || (status !== 0 && status < 100)) {
    throw lineError(line, `status is ${status}, not 0 or a whole number in [100, 599]`);
  }
  return {
    // `arrival_ms` is what `train` calls it: one recording serves both.
    atMs: number(fields["at_ms"] ?? fields["arrival_ms"], "at_ms", line, AT_MS_MAX),
    headers: cache.get(line, head, fields["headers"]),
    latencyMs: latency(fields["latency_ms"], line),
    ttfbMs: ttfb === undefined || ttfb === "" ? undefined : number(ttfb, "ttfb_ms", line, MS_MAX),
    status,
  };
}

function latency(value: unknown, line: number): RecordedLatency {
  if (typeof value !== "object" || value === null) return number(value, "latency_ms", line, MS_MAX);
  const entries = Object.entries(value);
  if (!("*" in value)) throw lineError(line, 'latency_ms by arm has no "*" for the other arms');
  return new Map(entries.map(([arm, ms]) => [arm, number(ms, `latency_ms.${arm}`, line, MS_MAX)]));
}

function number(value: unknown, name: string, line: number, high: number): number {
  const parsed = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof parsed === "number" && parsed >= 0 && parsed <= high) return parsed;
  const got = value === undefined ? "is missing" : `is ${JSON.stringify(value)}`;
  throw lineError(line, `${name} ${got}; it must be a number in [0, ${Math.floor(high)}]`);
}

function text(value: unknown, fallback: string, name: string, line: number): string {
  if (value === undefined || value === "") return fallback;
  if (typeof value === "string") return value;
  throw lineError(line, `${name} is ${JSON.stringify(value)}, not a string`);
}

/** `{ name: value }`, `{ name: [value, value] }`, or `[[name, value]]`. */
function headerList(line: number, headers: unknown): Header[] {
  if (headers === undefined || headers === null) return [];
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers as object);
  return pairs.flatMap((pair): Header[] => {
    const [name, value] = Array.isArray(pair) ? (pair as unknown[]) : [];
    const values: unknown[] = Array.isArray(value) ? value : [value];
    if (typeof name === "string" && values.every((one) => typeof one === "string")) {
      return values.map((one) => [name, one as string] as const);
    }
    throw lineError(line, "headers is no object of strings and no list of [name, value]");
  });
}
