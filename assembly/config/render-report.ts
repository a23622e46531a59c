// A report as one line of ASCII for the proxy's log: `PLACE = VALUE: SENTENCE`. The sentences are
// those of contract/config-problem.ts; their placeholders are filled in here.

import { ConfigProblem, problemSentence } from "../contract/config-problem";
import {
  AsciiWriter,
  openWriter,
  writeBound,
  writeByte,
  writeBytes,
  writeInteger,
  writeWord,
} from "./ascii-writer";
import {
  ConfigReport,
  REPORT_DIGEST_BYTES,
  reportExpected,
  reportFound,
  reportPath,
  reportValue,
} from "./config-report";

const writer = changetype<AsciiWriter>(memory.data(offsetof<AsciiWriter>(), 8));

/** The permitted names, `a|b` as `a, b`. */
function writeNames(names: usize): void {
  if (names == 0) return;
  const length = changetype<string>(names).length;
  for (let i = 0; i < length; i++) {
    const unit: u32 = load<u16>(names + ((<usize>i) << 1));
    if (unit == 0x7c) writeWord(writer, ", ");
    else writeByte(writer, unit);
  }
}

/** The operand that a two-letter mark stands for; its second letter tells it from the others. */
function writeOperand(report: ConfigReport, letter: u32, second: u32): void {
  if (letter == 0x6c) writeBound(writer, report.low);
  else if (letter == 0x68) writeBound(writer, report.high);
  else if (letter == 0x6e) writeNames(report.names);
  else if (letter == 0x66) writeBytes(writer, reportFound(report), REPORT_DIGEST_BYTES);
  else if (second == 0x74) writeInteger(writer, <u64>max<i32>(report.position, 0));
  else writeBytes(writer, reportExpected(report), REPORT_DIGEST_BYTES);
}

function writeSentence(report: ConfigReport): void {
  const sentence = problemSentence(report.problem);
  const source = changetype<usize>(sentence);
  const length = sentence.length;
  for (let i = 0; i < length; i++) {
    const at = source + ((<usize>i) << 1);
    const unit: u32 = load<u16>(at);
    if (unit != 0x7b || i + 2 >= length) {
      writeByte(writer, unit);
      continue;
    }
    writeOperand(report, load<u16>(at, 2), load<u16>(at, 4));
    while (i < length && load<u16>(source + ((<usize>i) << 1)) != 0x7d) i++;
  }
}

/**
 * Writes the report as one line without line break.
 * @param capacity bytes at `target`; what does not fit is cut off
 * @returns bytes written, 0 when the report holds no fault
 */
export function renderReport(report: ConfigReport, target: usize, capacity: i32): i32 {
  if (report.problem == ConfigProblem.None) return 0;
  openWriter(writer, target, capacity);
  if (report.pathLength > 0) {
    writeBytes(writer, reportPath(report), report.pathLength);
    if (report.valueLength > 0) {
      writeWord(writer, " = ");
      writeBytes(writer, reportValue(report), report.valueLength);
      if (report.valueCut) writeWord(writer, "...");
    }
    writeWord(writer, ": ");
  }
  writeSentence(report);
  return <i32>(writer.at - target);
}
