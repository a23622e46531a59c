// One fault of a configuration: kind, place, value and bounds. The same kinds and sentences as the
// filter's own report (contract/config-problem.ts), so that what the tool says before a push and
// what a proxy logs after one read alike.

import { ConfigProblem, problemSentence } from "../contract";

export interface Fault {
  readonly problem: ConfigProblem;
  /** Such as `routes[2].limits[0].burst`; empty for the configuration as a whole. */
  readonly path: string;
  /** The value as JSON, shortened; undefined where no value illustrates the fault. */
  readonly value?: string;
  readonly low?: number;
  readonly high?: number;
  readonly names?: readonly string[];
  readonly expected?: string;
  readonly found?: string;
}

/** Bytes of an offending value or unknown key that are shown. */
const SHOWN_BYTES_MAX = 32;
const DIGEST_CHARS = 8;

/** The first bytes of a text as visible ASCII, as the proxy's log has it. */
export function shownText(text: string): string {
  const bytes = Buffer.from(text);
  const kept = [...bytes.subarray(0, SHOWN_BYTES_MAX)].map((byte) => {
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "?";
  });
  return kept.join("") + (bytes.length > SHOWN_BYTES_MAX ? "..." : "");
}

/** A value as a fault shows it: scalars as JSON, shortened; `{...}` and `[...]` for the rest. */
export function shownValue(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return "[...]";
  if (typeof value === "object" && value !== null) return "{...}";
  // JSON has no word for minus zero, infinities and NaN.
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  return shownText(JSON.stringify(value));
}

/** `PLACE = VALUE: SENTENCE` with the bounds filled in. */
export function faultLine(fault: Fault): string {
  const operands: Record<string, string> = {
    low: String(fault.low ?? ""),
    high: String(fault.high ?? ""),
    names: (fault.names ?? []).join(", "),
    expected: (fault.expected ?? "").slice(0, DIGEST_CHARS),
    found: (fault.found ?? "").slice(0, DIGEST_CHARS),
    at: "0",
  };
  const sentence = problemSentence(fault.problem).replace(
    /\{(\w+)\}/g,
    (whole, name: string) => operands[name] ?? whole,
  );
  if (fault.path === "") return sentence;
  const value = fault.value === undefined ? "" : ` = ${fault.value}`;
  return `${fault.path}${value}: ${sentence}`;
}
