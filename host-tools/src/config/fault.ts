// One fault of a configuration: kind, place, value and bounds. The same kinds and sentences as the
// filter's own report (contract/config-problem.ts), so that what the tool says before a push and what
// a proxy logs after one read alike.

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

/** Bytes of an offending value that are shown. */
const VALUE_CHARS_MAX = 32;
const DIGEST_CHARS = 8;

/** A value as a fault shows it: scalars as JSON, shortened; `{...}` and `[...]` for the rest. */
export function shownValue(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return "[...]";
  if (typeof value === "object" && value !== null) return "{...}";
  const text = Object.is(value, -0) ? "-0" : JSON.stringify(value);
  return text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX)}...` : text;
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
