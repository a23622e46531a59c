// Is a threshold exceeded as often as it says? Over all entities of the ASD and SMD sets and over
// made-up healthy routes: the share of normal steps of the test part that exceed, over the nominal
// share, for the filter's own calibration in Wasm (build/calibration.lab.wasm) beside a fixed
// quantile of the train part and a split conformal one. Steps come at the sets' own intervals, so an
// incident holds its threshold for as long as it would in a proxy.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { CalibrationLab } from "../host-tools/src/calibration/calibration-lab";
import { healthyWindows } from "../host-tools/src/calibration/healthy-windows";
import { calibrateScores } from "../host-tools/src/calibration/score-evidence";
import { CALIBRATION_EXCEEDS } from "../host-tools/src/contract";
import { causalMean } from "../host-tools/src/evaluation/causal-mean";
import { scoreEntities } from "../host-tools/src/evaluation/entity-cache";
import { labelledRanges } from "../host-tools/src/evaluation/labelled-ranges";
import { type Series, readEntities } from "../host-tools/src/evaluation/multivariate-data";
import { WindowSubspace, robustZ } from "../host-tools/src/evaluation/plain-scorers";
import { robustScaling, scaled } from "../host-tools/src/evaluation/robust-scaling";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { rounded } from "./statistics";

const DATA_DIR = "../shared/data";
/** Sampling interval of each set. */
const INTERVAL_MS = { asd: 300_000, smd: 60_000 } as const;
/** Nominal shares, and how figures call them. */
const SHARES = [
  [0.01, "1pct"],
  [0.001, "01pct"],
] as const;
/** A score is the mean of the last so many samples, as in `detect`. */
const SMOOTHING = 10;
/** The part of the train part that a scorer is not fitted to: calibration, and the key's first life. */
const HELD_OUT = 1 / 3;

/** One scorer on one entity: a plain one, or what `detect` has trained. */
interface ScoredSeries {
  readonly name: string;
  readonly scorer: string;
  readonly intervalMs: number;
  /** Scores of the fitted part, of the held-out part, and of the test part. */
  readonly fitted: Float64Array;
  readonly heldOut: Float64Array;
  readonly test: Float64Array;
  readonly labels: Uint8Array;
}

type Scorer = (train: Series, all: Series) => Float64Array;

const scorers: Readonly<Record<string, Scorer>> = {
  z: (_, all) => robustZ(all),
  subspace: (train, all) => WindowSubspace.fit(train).score(all),
};

/** Scores a series by everything that is fitted to its first part alone. */
function scoreSeries(
  name: string,
  train: Series,
  test: Series,
  labels: Uint8Array,
  intervalMs: number,
): ScoredSeries[] {
  const fitted = rowsOf(train, 0, Math.floor(train.samples * (1 - HELD_OUT)));
  const heldOut = rowsOf(train, fitted.samples, train.samples);
  const scaling = robustScaling(fitted);
  const ready = (series: Series) => ({ ...series, values: scaled(series, scaling) });
  return Object.entries(scorers).map(([scorer, score]) => {
    const of = (series: Series) => causalMean(score(ready(fitted), ready(series)), SMOOTHING);
    return {
      name,
      scorer,
      intervalMs,
      fitted: of(fitted),
      heldOut: of(heldOut),
      test: of(test),
      labels,
    };
  });
}

function rowsOf(series: Series, from: number, to: number): Series {
  const values = series.values.subarray(from * series.inputs, to * series.inputs);
  return { values, samples: to - from, inputs: series.inputs };
}

/** What one way of setting thresholds made of a series: ratio to nominal, and incidents that it saw. */
interface Outcome {
  readonly ratio: number;
  readonly found: number;
  readonly incidents: number;
}

function outcomeOf(
  exceeds: (step: number) => boolean,
  series: ScoredSeries,
  share: number,
): Outcome {
  let normal = 0;
  let exceeded = 0;
  series.labels.forEach((label, step) => {
    if (label !== 0) return;
    normal++;
    if (exceeds(step)) exceeded++;
  });
  const ranges = labelledRanges(series.labels);
  const found = ranges.filter(({ first, last }) => {
    for (let step = first; step <= last; step++) if (exceeds(step)) return true;
    return false;
  }).length;
  return { ratio: exceeded / normal / share, found, incidents: ranges.length };
}

/** A threshold that a given share of scores exceed. */
function quantileThreshold(scores: Float64Array, share: number): number {
  const sorted = scores.slice().sort();
  const at = Math.ceil((1 - share) * (sorted.length + 1)) - 1;
  return sorted[Math.min(at, sorted.length - 1)]!;
}

/** Runs the filter's calibration through the held-out part and the test part. */
function adaptive(lab: CalibrationLab, series: ScoredSeries, share: number): Outcome {
  const evidenceFor = calibrateScores(series.heldOut);
  const scores = [...series.heldOut, ...series.test];
  const { flags } = lab.run(
    lab.freshState(0),
    {
      evidence: scores.map(evidenceFor),
      client: () => 0,
      timeMs: (step) => step * series.intervalMs,
    },
    Math.round(share * 2 ** 30),
  );
  const first = series.heldOut.length;
  return outcomeOf((step) => (flags[first + step]! & CALIBRATION_EXCEEDS) !== 0, series, share);
}

/** The three ways, by the names that the figures use. */
const ways: Readonly<
  Record<string, (lab: CalibrationLab, s: ScoredSeries, share: number) => Outcome>
> = {
  adaptive,
  fixed: (_, series, share) => {
    const threshold = quantileThreshold(series.fitted, share);
    return outcomeOf((step) => series.test[step]! > threshold, series, share);
  },
  split_conformal: (_, series, share) => {
    const threshold = quantileThreshold(series.heldOut, share);
    return outcomeOf((step) => series.test[step]! > threshold, series, share);
  },
};

/** The trained scorer of `detect` on every entity, from its cache where that has it. */
async function modelSeries(
  dataDir: string,
  set: keyof typeof INTERVAL_MS,
  options: BenchOptions,
): Promise<ScoredSeries[]> {
  const lab = readFileSync(resolve("build/model.lab.wasm"));
  const { seed, say } = options;
  const entities = await scoreEntities(dataDir, set, { lab, seed, say });
  return entities.map(({ entity, scores, heldFrom, labels }) => ({
    name: `${set}/${entity}`,
    scorer: "model",
    intervalMs: INTERVAL_MS[set],
    fitted: scores.train.subarray(0, heldFrom),
    heldOut: scores.train.subarray(heldFrom),
    test: scores.test,
    labels,
  }));
}

async function collect(options: BenchOptions): Promise<ScoredSeries[]> {
  const dataDir = resolve(options.dataDir ?? DATA_DIR);
  const found: ScoredSeries[] = [];
  for (const set of ["asd", "smd"] as const) {
    for (const { name, train, test, labels } of await readEntities(dataDir, set)) {
      options.say(`calibration: ${set} ${name}`);
      found.push(...scoreSeries(`${set}/${name}`, train, test, labels, INTERVAL_MS[set]));
    }
    if (!options.quick) found.push(...(await modelSeries(dataDir, set, options)));
  }
  const [routes, requests] = options.quick ? [4, 20_000] : [16, 60_000];
  options.say(`calibration: ${routes} healthy routes`);
  for (const route of healthyWindows(options.seed, routes, requests)) {
    const middle = route.samples >> 1;
    const test = rowsOf(route, middle, route.samples);
    const labels = new Uint8Array(test.samples);
    const train = rowsOf(route, 0, middle);
    found.push(...scoreSeries(`healthy/${route.name}`, train, test, labels, route.intervalMs));
  }
  return found;
}

async function run(options: BenchOptions): Promise<BenchResult> {
  const lab = CalibrationLab.start(readFileSync(resolve("build/calibration.lab.wasm")));
  const series = await collect(options);
  const figures: Record<string, unknown> = {};
  const table: string[][] = [["way", "share", "worst", "mean", "worst where", "incidents found"]];
  for (const [share, label] of SHARES) {
    for (const [way, judge] of Object.entries(ways)) {
      const outcomes = series.map((one) => ({ one, ...judge(lab, one, share) }));
      const worst = outcomes.reduce((most, next) => (next.ratio > most.ratio ? next : most));
      const mean = outcomes.reduce((sum, { ratio }) => sum + ratio, 0) / outcomes.length;
      const found = outcomes.reduce((sum, outcome) => sum + outcome.found, 0);
      const all = outcomes.reduce((sum, outcome) => sum + outcome.incidents, 0);
      const prefix = way === "adaptive" ? "" : `${way}_`;
      figures[`${prefix}worst_ratio_${label}`] = rounded(worst.ratio, 3);
      figures[`${prefix}mean_ratio_${label}`] = rounded(mean, 3);
      figures[`${prefix}found_pct_${label}`] = rounded((100 * found) / all, 1);
      const where = `${worst.one.name} ${worst.one.scorer}`;
      table.push([way, label, worst.ratio.toFixed(2), mean.toFixed(2), where, `${found}/${all}`]);
    }
  }
  return {
    figures: {
      ...figures,
      series: series.length,
      steps: series.reduce((sum, { test }) => sum + test.length, 0),
    },
    table,
  };
}

export const bench: Bench = {
  name: "calibration",
  summary: "realised false-alarm share over the nominal one",
  run,
};
