// What a refused configuration is refused for: kind of fault, place, value and bounds, as plain
// numbers and bytes in a struct of fixed size. Rendered into one line of ASCII on demand
// (render-report.ts), because a message built at the place of the fault would allocate.

import { ConfigProblem } from "../contract/config-problem";

/** Longest path kept; the longest real one has 50 characters, an unknown key adds 32. */
export const REPORT_PATH_BYTES: i32 = 120;
/** Bytes of the offending value that are kept. */
export const REPORT_VALUE_BYTES: i32 = 32;
/** Bytes of a digest that are kept, as hexadecimal digits. */
export const REPORT_DIGEST_BYTES: i32 = 8;

// @ts-ignore: decorator
@unmanaged
@final
export class ConfigReport {
  /** Bounds that the value broke, where the kind of fault has bounds. */
  low: f64;
  high: f64;
  /** ConfigProblem. */
  problem: i32;
  /** Byte of the configuration at which the fault was noticed. */
  position: i32;
  /** Permitted names separated by `|`: address of a static string, 0 for none. */
  names: usize;
  pathLength: i32;
  /** Bytes of value kept, 0 when there is none to show. */
  valueLength: i32;
  /** 1 when the value was longer than what is kept. */
  valueCut: i32;
}

const PATH_OFFSET: usize = (offsetof<ConfigReport>() + 7) & ~7;
const VALUE_OFFSET: usize = PATH_OFFSET + <usize>REPORT_PATH_BYTES;
const EXPECTED_OFFSET: usize = VALUE_OFFSET + <usize>REPORT_VALUE_BYTES;
const FOUND_OFFSET: usize = EXPECTED_OFFSET + <usize>REPORT_DIGEST_BYTES;
/** Bytes of one report with its texts. */
export const REPORT_BYTES: usize = FOUND_OFFSET + <usize>REPORT_DIGEST_BYTES;

/** First byte of the path. */
export function reportPath(report: ConfigReport): usize {
  return changetype<usize>(report) + PATH_OFFSET;
}

/** First byte of the value as it stands in the configuration. */
export function reportValue(report: ConfigReport): usize {
  return changetype<usize>(report) + VALUE_OFFSET;
}

/** First digits of the digest that the configuration states. */
export function reportExpected(report: ConfigReport): usize {
  return changetype<usize>(report) + EXPECTED_OFFSET;
}

/** First digits of the digest that the bytes have. */
export function reportFound(report: ConfigReport): usize {
  return changetype<usize>(report) + FOUND_OFFSET;
}

/** Nothing found yet. */
export function clearReport(report: ConfigReport): void {
  memory.fill(changetype<usize>(report), 0, REPORT_BYTES);
  report.problem = ConfigProblem.None;
}

/** Keeps the first bytes of a value. */
export function keepValue(report: ConfigReport, source: usize, length: i32): void {
  const kept = min<i32>(max<i32>(length, 0), REPORT_VALUE_BYTES);
  memory.copy(reportValue(report), source, kept);
  report.valueLength = kept;
  report.valueCut = i32(length > kept);
}
