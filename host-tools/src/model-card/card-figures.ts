// The figures of a card as rows of text, the same in the terminal, in Markdown and in HTML.

import { shareText } from "./card-limits";
import type { CardFacts } from "./model-card";

export type Row = readonly [string, string];

const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %`;

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
