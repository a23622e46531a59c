// The plugin configuration: JSON bytes in, a complete settings block and the decoded artifact out,
// or a report that says what is wrong and where. All or nothing: a block after a refusal holds no
// routes. Nothing is allocated and nothing traps, whatever the bytes are.

import { RecordKind } from "../contract/config";
import { ConfigProblem } from "../contract/config-problem";
import { CONFIG_BYTES_MAX } from "../contract/limits";
import { ConfigReport, clearReport } from "./config-report";
import { JsonKind, jsonAtEnd, jsonClose, jsonOpen, jsonValue } from "./json";
import {
  SCRATCH_TEXT_BYTES,
  parsing,
  reader,
  refuse,
  refuseSyntax,
  refuseValue,
  scratchText,
} from "./parsing";
import { clearPlace, enterKey } from "./place";
import { readRecord } from "./record-reader";
import { SETTINGS_BYTES, Settings } from "./settings";

/**
 * Reads a configuration.
 * @param json address of the configuration, only read
 * @param jsonBytes its length; 0 and more than CONFIG_BYTES_MAX are refused
 * @param settings a block of SETTINGS_BYTES, overwritten completely; its texts lie in the block
 * @param artifactTarget room for ARTIFACT_BYTES_MAX bytes; written when a model came along
 * @param report REPORT_BYTES, overwritten; holds no fault when the answer is true
 * @returns whether the settings can be used; if not, the block is empty
 */
export function parseSettings(
  json: usize,
  jsonBytes: i32,
  settings: Settings,
  artifactTarget: usize,
  report: ConfigReport,
): bool {
  memory.fill(changetype<usize>(settings), 0, SETTINGS_BYTES);
  clearReport(report);
  clearPlace();
  parsing.settings = settings;
  parsing.report = report;
  parsing.artifact = artifactTarget;
  const readable = jsonBytes <= CONFIG_BYTES_MAX ? jsonBytes : 0;
  jsonOpen(reader, json, readable, scratchText, SCRATCH_TEXT_BYTES);
  if (jsonBytes > CONFIG_BYTES_MAX) {
    refuse(ConfigProblem.TooLarge, <f64>CONFIG_BYTES_MAX);
  } else if (jsonAtEnd(reader)) {
    refuse(ConfigProblem.Empty);
  } else if (readRoot()) {
    return true;
  }
  memory.fill(changetype<usize>(settings), 0, SETTINGS_BYTES);
  return false;
}

function readRoot(): bool {
  const kind = jsonValue(reader);
  if (kind == JsonKind.Bad) return refuseSyntax();
  if (kind != JsonKind.Object) {
    enterKey("configuration");
    return refuseValue(ConfigProblem.NotRecord);
  }
  return readRecord(RecordKind.Root) && (jsonClose(reader) || refuseSyntax());
}
