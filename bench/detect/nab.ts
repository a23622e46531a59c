// Detection on the NAB part of the data: every series through the filter's stream detector in Wasm
// (build/statistics.lab.wasm), one configuration and one threshold for all. The threshold is the best one of
// this very set, as the benchmark itself does it; the half-lives and margins are constants of the detector.
//
// Beside it the plain z-score against an exponential average, through the same scorer; and what is left when
// the threshold comes from one half of the series and the score from the other.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { EVIDENCE_MAX } from "../../host-tools/src/contract";
import {
  type CostProfile,
  type NabSeries,
  readNab,
} from "../../host-tools/src/evaluation/nab-data";
import { bestNabScore, nabScoreAt } from "../../host-tools/src/evaluation/nab-score";
import { type Prng, seededPrng } from "../../host-tools/src/lib/prng";
import { LN2, exp } from "../../host-tools/src/model/exact-math";
import { StatisticsLab } from "../../host-tools/src/statistics/statistics-lab";
import type { BenchResult } from "../bench";
import type { DetectOptions } from "../detect";
import { rounded } from "../statistics";

const DAY_MS = 86_400_000;
/** Half-life of the plain z-score's averages, in samples. */
const PLAIN_HALF_LIFE = 1000;
/** Times that the series are halved anew. */
const HALVINGS = 5;
/** What the figures call the benchmark's profiles. */
const FIGURES: Readonly<Record<string, string>> = {
  standard: "standard",
  reward_low_FP_rate: "low_fp",
  reward_low_FN_rate: "low_fn",
};

/** Evidence of each row, Q8; 0 for what is no record. */
function detected(lab: StatisticsLab, { timesMs, values }: NabSeries): Float32Array {
  const stream = lab.fresh();
  return values.map((value, row) => {
    const nowMs = timesMs[row]!;
    return lab.wasm.stepStreamForRecords(stream, value, nowMs, nowMs % DAY_MS);
  });
}

/** Deviations of each row from an exponential average of those before. */
function plainScores({ values }: NabSeries): Float32Array {
  const weight = 1 - exp(-LN2 / PLAIN_HALF_LIFE);
  let mean = values[0] ?? 0;
  let variance = 0;
  return values.map((value) => {
    const delta = value - mean;
    const z = variance > 0 ? Math.abs(delta) / Math.sqrt(variance) : 0;
    mean += weight * delta;
    variance = (1 - weight) * (variance + weight * delta * delta);
    return z;
  });
}

/** Mean score of halves by the threshold that was best on the other half. */
function heldOutScore(
  series: readonly NabSeries[],
  evidence: readonly Float32Array[],
  profile: CostProfile,
  random: Prng,
): number {
  const scores: number[] = [];
  for (let i = 0; i < HALVINGS; i++) {
    const order = series.map((_, index) => ({ index, key: random.u32() }));
    order.sort((a, b) => a.key - b.key);
    const halves = [0, 1].map((half) => order.filter((_, at) => at % 2 === half));
    for (const [known, other] of [halves, [...halves].reverse()]) {
      const of = (half: typeof order) =>
        [
          half.map(({ index }) => series[index]!),
          half.map(({ index }) => evidence[index]!),
        ] as const;
      const { threshold } = bestNabScore(...of(known!), profile);
      scores.push(nabScoreAt(...of(other!), profile, threshold));
    }
  }
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** The figures of `bench detect --set nab`. */
export function detect(options: DetectOptions): Promise<BenchResult> {
  const { series, profiles } = readNab(resolve(join(options.dataDir, "nab")));
  const lab = StatisticsLab.start(readFileSync(resolve("build/statistics.lab.wasm")));
  const evidence = series.map((one) => detected(lab, one));
  const plain = series.map(plainScores);
  const figures: Record<string, number> = {};
  for (const profile of profiles) {
    const name = FIGURES[profile.name];
    if (name === undefined) continue;
    const best = bestNabScore(series, evidence, profile);
    figures[`nab_${name}`] = rounded(best.score, 1);
    figures[`nab_${name}_ewma_z`] = rounded(bestNabScore(series, plain, profile).score, 1);
    options.say(`nab: ${profile.name}: threshold ${best.threshold} of ${EVIDENCE_MAX}`);
    if (name !== "standard") continue;
    const random = seededPrng(options.seed).fork("halves");
    const heldOut = heldOutScore(series, evidence, profile, random);
    figures.nab_standard_held_out = rounded(heldOut, 1);
  }
  const windows = series.reduce((sum, one) => sum + one.windows.length, 0);
  const rows = series.reduce((sum, one) => sum + one.values.length, 0);
  return Promise.resolve({ figures: { ...figures, series: series.length, windows, rows } });
}
