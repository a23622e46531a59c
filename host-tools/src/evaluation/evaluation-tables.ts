// An evaluation as rows: what the text, the CSV and the page show alike.

import { FAULT_CLASSES } from "../faults/fault-class";
import type { DetectionFigures, Evaluation } from "./evaluation";

export type Cell = string | number;

export interface EvaluationTable {
  readonly title: string;
  readonly heads: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

const DETECTION_HEADS = ["f1", "recall", "precision", "delay s", "false/h"];

/** Two decimals are what a suite of so few episodes can tell. */
function detectionCells(figures: DetectionFigures): Cell[] {
  const { f1, recall, precision, delay_s: delay, false_per_hour: perHour } = figures;
  const shares = [f1, recall, precision].map((value) => value.toFixed(3));
  return [...shares, delay === null ? "-" : delay.toFixed(1), perHour.toFixed(2)];
}

export function architectureTable({ architectures, hidden }: Evaluation): EvaluationTable {
  return {
    title: `Sequence models of ${hidden}, each alone`,
    heads: [
      "architecture",
      "parameters",
      "bytes",
      "ns",
      "loss",
      "train s",
      ...DETECTION_HEADS,
      "f1 with L0, L2",
    ],
    rows: architectures.map((one) => [
      one.architecture,
      one.parameters,
      one.bytes,
      one.ns_per_step,
      one.loss === null ? "-" : one.loss.toFixed(4),
      one.training_s.toFixed(1),
      ...detectionCells(one),
      one.f1_with_others.toFixed(3),
    ]),
  };
}

export function subsetTable({ subsets }: Evaluation): EvaluationTable {
  return {
    title: "Every subset of the layers",
    heads: ["layers", ...DETECTION_HEADS],
    rows: subsets.map((one) => [one.layers.join("+"), ...detectionCells(one)]),
  };
}

/** Share of the episodes found, by fault; one column a detector. */
export function faultTable({ architectures, subsets }: Evaluation): EvaluationTable {
  const alone = subsets.filter(({ layers }) => layers.length === 1);
  // Transformer and LSTM stand among the subsets already.
  const others = architectures.filter((one) => ["gru", "linear"].includes(one.architecture));
  const columns: [string, DetectionFigures][] = [
    ...alone.map((one): [string, DetectionFigures] => [one.layers.join("+"), one]),
    ...others.map((one): [string, DetectionFigures] => [one.architecture, one]),
    ["all", subsets[subsets.length - 1]!],
  ];
  return {
    title: "Share of the episodes found, by fault",
    heads: ["fault", ...columns.map(([name]) => name)],
    rows: FAULT_CLASSES.map((fault) => [
      fault,
      ...columns.map(([, one]) => one.recall_by_fault[fault].toFixed(2)),
    ]),
  };
}

/** What the figures are of, in one sentence. */
export function evaluationNote(evaluation: Evaluation): string {
  const { seed, episodes, per_hour: perHour, healthy_key_hours: hours } = evaluation;
  return (
    `${episodes} episodes of ${FAULT_CLASSES.length} faults, thresholds for false alarms of at most ` +
    `${perHour} per hour and key on ${hours} key-hours of healthy traffic, seed ${seed}.`
  );
}
