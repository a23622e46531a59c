// The ASD and SMD sets: one small ensemble a server, learnt from the unlabelled train part, scored on
// the labelled test part by the filter's scorer in Wasm. Figures are means over the servers, beside
// those of two plain methods with the same inputs and the same averaging.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { eventFigures, pointAdjustedF1 } from "../../host-tools/src/evaluation/event-figures";
import { type EntityScores, scoreEntity } from "../../host-tools/src/evaluation/entity-scores";
import { readEntities } from "../../host-tools/src/evaluation/multivariate-data";
import { aucPr, aucRoc } from "../../host-tools/src/evaluation/ranking-curves";
import { vusPr } from "../../host-tools/src/evaluation/volume-under-surface";
import { ModelLab } from "../../host-tools/src/model/model-lab";
import type { BenchResult } from "../bench";
import type { DetectOptions } from "../detect";
import { rounded } from "../statistics";

/** False alarms that the recall of incidents is quoted at: one a day of samples by the minute. */
const SAMPLES_PER_FALSE_ALARM = 1440;

/** Every server below `DIR/set`. */
export async function detectMultivariate(
  set: string,
  options: DetectOptions,
): Promise<BenchResult> {
  const entities = await readEntities(options.dataDir, set);
  const lab = ModelLab.start(readFileSync(resolve("build/model.lab.wasm")));
  const rows: EntityFigures[] = [];
  for (const entity of entities) {
    const startedMs = performance.now();
    const figures = figuresOf(scoreEntity(entity, lab, options.seed));
    rows.push(figures);
    const seconds = (performance.now() - startedMs) / 1000;
    options.say(`${entity.name}: VUS-PR ${figures.vus_pr.toFixed(3)}, ${seconds.toFixed(1)} s`);
  }
  // A part without incidents, or with nothing else, says nothing about detection.
  const judged = rows.filter((row) => !Number.isNaN(row.vus_pr));
  return {
    figures: { set, entities: rows.length, judged: judged.length, ...means(judged) },
    table: [COLUMNS, ...rows.map(tableRow), tableRow({ entity: "mean", ...means(judged) })],
  };
}

type Figures = Readonly<Record<(typeof FIGURES)[number], number>>;
type EntityFigures = Figures & { readonly entity: string };

const FIGURES = [
  "vus_pr",
  "vus_pr_robust_z",
  "vus_pr_pca5",
  "vus_pr_float",
  "vus_pr_forecaster",
  "vus_pr_autoencoder",
  "auc_pr",
  "auc_pr_robust_z",
  "auc_pr_pca5",
  "auc_roc",
  "event_recall",
  "delay_samples",
  "pa_f1",
] as const;

function figuresOf(scored: EntityScores): EntityFigures {
  const { labels, entity, scores, floatScores, members, robustZ, subspace } = scored;
  const test = scores.test;
  const budget = Math.max(1, Math.floor(labels.length / SAMPLES_PER_FALSE_ALARM));
  const events = eventFigures(test, labels, budget);
  return {
    entity,
    vus_pr: vusPr(test, labels),
    vus_pr_robust_z: vusPr(robustZ.test, labels),
    vus_pr_pca5: vusPr(subspace.test, labels),
    vus_pr_float: vusPr(floatScores.test, labels),
    vus_pr_forecaster: vusPr(members[0]!.test, labels),
    vus_pr_autoencoder: vusPr(members[1]!.test, labels),
    auc_pr: aucPr(test, labels),
    auc_pr_robust_z: aucPr(robustZ.test, labels),
    auc_pr_pca5: aucPr(subspace.test, labels),
    auc_roc: aucRoc(test, labels),
    event_recall: events.recall,
    delay_samples: events.delaySamples,
    pa_f1: pointAdjustedF1(test, labels),
  };
}

/** By figure, over the servers where there is one: a delay needs an incident that was found. */
function means(rows: readonly Figures[]): Figures {
  const entries = FIGURES.map((figure) => {
    const values = rows.map((row) => row[figure]).filter((value) => !Number.isNaN(value));
    const sum = values.reduce((total, value) => total + value, 0);
    return [figure, rounded(sum / values.length, 4)] as const;
  });
  return Object.fromEntries(entries) as Figures;
}

const SHOWN = FIGURES.slice(0, 7);
const COLUMNS = ["entity", ...SHOWN, "event_recall", "delay_samples"];

function tableRow(row: EntityFigures): string[] {
  const numbers = [...SHOWN, "event_recall", "delay_samples"] as const;
  return [row.entity, ...numbers.map((figure) => row[figure].toFixed(3))];
}
