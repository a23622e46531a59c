// The figures of a card as rows of text, the same in the terminal, in Markdown and in HTML.

import type { ArtifactDescription } from "../model/describe-artifact";
import { shareText } from "./card-limits";
import type { ContentDescription } from "./describe-content";
import type { CardFacts } from "./model-card";

export type Row = readonly [string, string];

const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %`;

/** What a scorer says itself. */
export function scorerRows(a: ArtifactDescription): Row[] {
  const { inputs, hidden, outputs } = a.shape;
  const share = shareText(10 ** -a.threshold_evidence);
  return [
    ["architecture", `${a.architecture}, ${inputs} inputs, ${hidden} hidden, ${outputs} outputs`],
    ["parameters", `${a.parameters}, ${a.multiply_adds_per_score} multiply-adds a score`],
    ["format", `${a.format_version}, feature schema ${a.feature_schema}`],
    ["state", `${a.state_bytes} bytes a route`],
    ["training", `seed ${a.training.seed}, step ${a.training.steps}`],
    ["threshold", `${a.threshold_permille} permille, ${share}`],
    ["warm-up", `${a.warm_up_steps} requests of a route`],
    ["averages", `residuals over ${a.smoothing_steps}, drift over ${a.drift_steps} requests`],
    ["self-test", `${a.self_test.steps} steps, ${a.self_test.passed ? "passed" : "FAILED"}`],
  ];
}

/** What a content table says itself. */
export function contentRows(a: ContentDescription): Row[] {
  const table = (name: string, of: ContentDescription["supervised"]): Row[] =>
    of === null ? [] : [[name, `bias ${of.bias}, ${of.zero_pct} % of the weights zero`]];
  return [
    ["entries", `${a.entries}, two int8 weights each`],
    ["format", `${a.format_version}, rule ${a.rule}`],
    ["training", `seed ${a.training.seed}, ${a.training.examples} targets`],
    ...table("supervised", a.supervised),
    ...table("one-class", a.one_class),
    ...(a.attack_score === null ? [] : [["attack from", `score ${a.attack_score}`] as const]),
    ["self-test", `${a.self_test.steps} targets, ${a.self_test.passed ? "passed" : "FAILED"}`],
  ];
}

export const OUTPUT_HEADS = ["predicted", "as", "rare residual", "rare drift", "least scale"];

export function outputRows({ outputs }: ArtifactDescription): string[][] {
  return outputs.map((o) => [
    o.feature,
    o.level === undefined ? o.predicts : `${o.predicts} ${o.level}`,
    String(o.rare_residual),
    String(o.rare_drift),
    String(o.least_scale),
  ]);
}

export function dataRows({ data }: CardFacts): Row[] {
  return [
    ["source", data.source],
    ["seed", data.seed === null ? "none" : String(data.seed)],
    ["sha256", data.sha256 ?? "made from the seed"],
    ["routes", String(data.routes)],
    ["requests to learn from", String(data.training_requests)],
    ["to stop training by", String(data.validation_requests)],
    ["to calibrate on", String(data.calibration_requests)],
  ];
}

export function recipeRows({ recipe }: CardFacts): Row[] {
  return Object.entries(recipe).map(([name, value]) => [name.replaceAll("_", " "), String(value)]);
}

export function metricRows(facts: CardFacts): Row[] {
  const rows: Row[] = [];
  const { loss, false_alarms: alarms, quantisation } = facts;
  if (loss !== undefined) {
    rows.push(["validation loss", loss.validation.toFixed(4)]);
    if (loss.training !== undefined) rows.push(["training loss", loss.training.toFixed(4)]);
    if (loss.trivial !== undefined) rows.push(["loss of a constant", loss.trivial.toFixed(4)]);
  }
  if (alarms !== undefined) {
    const share = alarms.alarms / Math.max(1, alarms.requests);
    rows.push([
      "false alarms",
      `${alarms.alarms} of ${alarms.requests} requests, ${shareText(share)}; promised ` +
        `${shareText(alarms.nominal)} (${alarms.set})`,
    ]);
  }
  if (quantisation !== undefined) {
    const { median_error: median, worst_error: worst, requests } = quantisation;
    rows.push([
      "int8 against float",
      `median ${median.toFixed(4)}, worst ${worst.toFixed(4)} deviations over ${requests} requests`,
    ]);
  }
  return rows;
}

/** Columns fault, set, found, recall, delay. */
export function detectionTable({ detection = [] }: CardFacts): {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  return {
    heads: ["fault", "measured on", "episodes found", "requests found", "delay, requests"],
    rows: detection.map(({ fault, set, episodes, found, recall, delay_requests: delay }) => [
      fault,
      set,
      `${found} of ${episodes}`,
      percent(recall),
      delay === null ? "-" : String(delay),
    ]),
  };
}
