// Log lines, bounded per kind and minute, and the abort handler. No bytes of a client ever reach a
// line: what is logged are our own words, numbers, and names from the configuration.

import { Cause, causeName } from "../contract/signals";
import { CAUSES } from "../contract/signals";
import { LOG_LINES_PER_MINUTE_MAX } from "../contract/limits";
import { LEVEL_ERROR, LEVEL_WARN, log } from "./host";
import { appendLiteral, appendNumber, beginText, textBytes, textPtr } from "./text";

const LINES: StaticArray<i32> = new StaticArray<i32>(CAUSES);
let minute: i64 = -1;

/** Counts of internal events, by Cause; flushed to metrics on the tick. */
export const causePending: StaticArray<u32> = new StaticArray<u32>(CAUSES);

/** Logs the text that was built with edge/text. */
export function logText(level: usize): void {
  log(level, textPtr(), textBytes());
}

/** Counts an internal event and says so, at most a few times a minute. */
export function noteCause(cause: Cause, nowMs: f64): void {
  causePending[cause] = causePending[cause] + 1;
  const thisMinute = <i64>(nowMs / 60000.0);
  if (thisMinute != minute) {
    minute = thisMinute;
    for (let i = 0; i < CAUSES; i++) LINES[i] = 0;
  }
  const lines = LINES[cause];
  if (lines >= LOG_LINES_PER_MINUTE_MAX) return;
  LINES[cause] = lines + 1;
  beginText();
  appendLiteral("ganglion: ");
  appendLiteral(causeName(cause));
  appendLiteral("; the request passed untouched by the part that failed");
  logText(LEVEL_WARN);
}

/**
 * The abort handler. It is reached by a programmer's error only; the line it logs is what is left of
 * it, since the proxy takes the filter off this worker.
 */
export function fault(message: string | null, file: string | null, line: u32, column: u32): void {
  beginText();
  appendLiteral("ganglion: fault at line ");
  appendNumber(line);
  appendLiteral(":");
  appendNumber(column);
  appendLiteral(" of ");
  if (file !== null) appendLiteral(file);
  if (message !== null) {
    appendLiteral(": ");
    appendLiteral(message);
  }
  logText(LEVEL_ERROR);
  unreachable();
}
