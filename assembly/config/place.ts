// Where in the configuration the reader is, as a stack of keys and indices, and as text such as
// `routes[2].limits[0].burst`. Kept as a stack and only rendered for a fault.

import { JSON_DEPTH_MAX } from "../contract/limits";
import {
  AsciiWriter,
  openWriter,
  writeByte,
  writeBytes,
  writeInteger,
  writeWord,
} from "./ascii-writer";
import { ConfigReport, REPORT_PATH_BYTES, REPORT_VALUE_BYTES, reportPath } from "./config-report";

/** Each level of nesting adds at most a key and an index. */
const STEPS_MAX: i32 = 2 * JSON_DEPTH_MAX;

// @ts-ignore: decorator
@unmanaged
@final
class Step {
  /** Address of the key's static string, 0 for an index. */
  key: usize;
  index: i32;
}

const steps: usize = memory.data(offsetof<Step>() * STEPS_MAX, 8);
const writer = changetype<AsciiWriter>(memory.data(offsetof<AsciiWriter>(), 8));
let depth: i32 = 0;

// @ts-ignore: decorator
@inline
function step(index: i32): Step {
  return changetype<Step>(steps + <usize>index * offsetof<Step>());
}

/** Back to the root. */
export function clearPlace(): void {
  depth = 0;
}

/** Goes to a member of the current object. */
export function enterKey(key: string): void {
  if (depth < STEPS_MAX) {
    step(depth).key = changetype<usize>(key);
    step(depth).index = 0;
  }
  depth++;
}

/** Goes to an item of the current list. */
export function enterIndex(index: i32): void {
  if (depth < STEPS_MAX) {
    step(depth).key = 0;
    step(depth).index = index;
  }
  depth++;
}

/** Back by one key or index. */
export function leavePlace(): void {
  if (depth > 0) depth--;
}

function writeSteps(): void {
  const kept = min<i32>(depth, STEPS_MAX);
  for (let i = 0; i < kept; i++) {
    const key = step(i).key;
    if (key == 0) {
      writeByte(writer, 0x5b);
      writeInteger(writer, <u64>max<i32>(step(i).index, 0));
      writeByte(writer, 0x5d);
    } else {
      if (i > 0) writeByte(writer, 0x2e);
      writeWord(writer, changetype<string>(key));
    }
  }
}

/** Renders the current place into the report. */
export function keepPlace(report: ConfigReport): void {
  openWriter(writer, reportPath(report), REPORT_PATH_BYTES);
  writeSteps();
  report.pathLength = <i32>(writer.at - reportPath(report));
}

/** Renders the place of a member that no field has, with its key as it stands in the source. */
export function keepUnknownPlace(report: ConfigReport, key: usize, length: i32): void {
  openWriter(writer, reportPath(report), REPORT_PATH_BYTES);
  writeSteps();
  if (depth > 0) writeByte(writer, 0x2e);
  writeBytes(writer, key, min<i32>(length, REPORT_VALUE_BYTES));
  if (length > REPORT_VALUE_BYTES) writeWord(writer, "...");
  report.pathLength = <i32>(writer.at - reportPath(report));
}
