// What one run of the configuration reader works on, and how a fault gets into the report. One run
// at a time: a worker is one thread, and proxy_on_configure does not re-enter itself.

import { RecordKind } from "../contract/config";
import { ConfigProblem } from "../contract/config-problem";
import { JSON_DEPTH_MAX, TEXT_BYTES_MAX } from "../contract/limits";
import { ConfigReport, keepValue } from "./config-report";
import { FieldLookup } from "./field-lookup";
import { slot } from "./field-slot";
import { JsonReader } from "./json";
import { enterKey, keepPlace, keepUnknownPlace } from "./place";
import { Settings, settingsText } from "./settings";

// @ts-ignore: decorator
@unmanaged
@final
class Parsing {
  settings: Settings;
  report: ConfigReport;
  /** Where the decoded artifact goes. */
  artifact: usize;
}

/** Decoded text with escapes at most; no field but the artifact may be as long. */
export const SCRATCH_TEXT_BYTES: i32 = 512;
export const scratchText: usize = memory.data(SCRATCH_TEXT_BYTES, 8);

export const parsing = changetype<Parsing>(memory.data(offsetof<Parsing>(), 8));
export const reader = changetype<JsonReader>(memory.data(offsetof<JsonReader>(), 8));
/** Taken when the module starts, like every other byte. */
export const lookup = new FieldLookup();

/** `{...}` and `[...]`: how the report shows a value that is not a scalar. */
const OBJECT_TOKEN: usize = memory.data<u8>([0x7b, 0x2e, 0x2e, 0x2e, 0x7d]);
const ARRAY_TOKEN: usize = memory.data<u8>([0x5b, 0x2e, 0x2e, 0x2e, 0x5d]);

function positionOf(source: usize): i32 {
  return source >= reader.start && source <= reader.end ? <i32>(source - reader.start) : 0;
}

/** Notes a fault of the JSON itself. Always false, as all functions here. */
export function refuseSyntax(): bool {
  const report = parsing.report;
  report.problem = reader.problem;
  report.position = reader.problemAt;
  report.high = <f64>(
    (reader.problem == ConfigProblem.TooDeep ? JSON_DEPTH_MAX : SCRATCH_TEXT_BYTES)
  );
  keepPlace(report);
  return false;
}

/** Notes a fault of the current place that no value illustrates. */
export function refuse(problem: ConfigProblem, high: f64 = 0): bool {
  const report = parsing.report;
  report.problem = problem;
  report.position = positionOf(reader.tokenPtr);
  report.high = high;
  keepPlace(report);
  return false;
}

/** Notes the key just read as one that the record does not have. */
export function refuseKey(): bool {
  refuse(ConfigProblem.UnknownKey);
  keepUnknownPlace(parsing.report, reader.textPtr, reader.textLength);
  return false;
}

/** Notes the value just read as unfit for the current place. */
export function refuseValue(problem: ConfigProblem, low: f64 = 0, high: f64 = 0): bool {
  refuse(problem, high);
  const report = parsing.report;
  report.low = low;
  const first = reader.tokenLength == 1 ? load<u8>(reader.tokenPtr) : 0;
  if (first == 0x7b) keepValue(report, OBJECT_TOKEN, 5);
  else if (first == 0x5b) keepValue(report, ARRAY_TOKEN, 5);
  else keepValue(report, reader.tokenPtr, reader.tokenLength);
  return false;
}

/** Notes a fault of a field of the record that is complete by now. */
export function refuseField(record: RecordKind, id: i32, problem: ConfigProblem): bool {
  if (lookup.byId(record, id)) enterKey(lookup.key);
  const field = slot(record, id);
  refuse(problem);
  parsing.report.position = positionOf(field.tokenPtr);
  keepValue(parsing.report, field.tokenPtr, field.tokenLength);
  return false;
}

/** Copies a text into the settings block; 0 when the block's text bytes are used up. */
export function keepText(source: usize, length: i32): usize {
  const settings = parsing.settings;
  const used = settings.textBytes;
  if (length < 0 || length > TEXT_BYTES_MAX - used) return 0;
  const target = settingsText(settings) + <usize>used;
  memory.copy(target, source, length);
  settings.textBytes = used + length;
  return target;
}
