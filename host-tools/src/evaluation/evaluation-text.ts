// An evaluation as text for a terminal, and as CSV for a spreadsheet: one line a detector, the
// architectures first.

import { FAULT_CLASSES } from "../faults/fault-class";
import { textTable } from "../model-card/text-table";
import type { DetectionFigures, Evaluation } from "./evaluation";
import { architectureTable, evaluationNote, faultTable, subsetTable } from "./evaluation-tables";

export function evaluationText(evaluation: Evaluation): string {
  const tables = [architectureTable, subsetTable, faultTable].map((of) => {
    const { title, heads, rows } = of(evaluation);
    return [title, "", ...textTable(heads, rows)].join("\n");
  });
  return `${[...tables, evaluationNote(evaluation)].join("\n\n")}\n`;
}

const MODEL_COLUMNS = ["parameters", "bytes", "ns_per_step", "loss", "training_s"] as const;
const DETECTION_COLUMNS = ["f1", "recall", "precision", "delay_s", "false_per_hour"] as const;

/** A figure that there is none of is an empty cell. */
export function evaluationCsv({ architectures, subsets }: Evaluation): string {
  const faults = FAULT_CLASSES.map((fault) => `recall_${fault.replaceAll("-", "_")}`);
  const figures = [...DETECTION_COLUMNS, ...faults, "f1_with_others"];
  const heads = ["kind", "name", ...MODEL_COLUMNS, ...figures];
  const detection = (one: DetectionFigures) => [
    ...DETECTION_COLUMNS.map((column) => one[column]),
    ...FAULT_CLASSES.map((fault) => one.recall_by_fault[fault]),
  ];
  const rows = [
    ...architectures.map((one) => [
      "architecture",
      one.architecture,
      ...MODEL_COLUMNS.map((column) => one[column]),
      ...detection(one),
      one.f1_with_others,
    ]),
    ...subsets.map((one) => [
      "layers",
      one.layers.join("+"),
      ...MODEL_COLUMNS.map(() => null),
      ...detection(one),
      null,
    ]),
  ];
  const line = (cells: readonly (string | number | null)[]) => cells.map((c) => c ?? "").join(",");
  return `${[heads, ...rows].map(line).join("\n")}\n`;
}
