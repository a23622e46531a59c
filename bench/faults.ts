// Our own labelled faults: ten kinds at three intensities on eight routes, and healthy traffic that is hard
// (heavy-tailed, a day's swing, crowds). Every detector gets a threshold per key at which it raises at most
// one alarm an hour there, and is then asked about the faults. Scenarios and rules stand in
// host-tools/src/faults; nothing is read from the data folder.
//
//   f1, recall, precision, delay_s   the filter, by its evidence at equal false alarms
//   own_*                            the filter, by the threshold that it sets itself
//   f1_static, f1_ewma_z, ...        thresholds per key on rate, p95 and errors; deviations from an EWMA;
//                                    Envoy's outlier detection; each tuned on other seeds
//   classes, layers                  by fault; by subset of the layers
//   envoy_*                          a short scenario of every fault through a real Envoy and through the
//                                    embedded host: about how many episodes both say the same
//
// Precision counts false alarms per true one, so it depends on how much time lies between faults: here
// twelve minutes, on average.

import { agreement, episodeVerdicts } from "../host-tools/src/faults/agreement";
import { BASELINES } from "../host-tools/src/faults/baselines";
import { healthyKeyHours, type Comparison } from "../host-tools/src/faults/compare";
import { runEmbeddedSuite } from "../host-tools/src/faults/embedded-run";
import { runEnvoySuite } from "../host-tools/src/faults/envoy-run";
import { FAULT_CLASSES } from "../host-tools/src/faults/fault-class";
import { scoreOf } from "../host-tools/src/faults/judge";
import { liveScenario } from "../host-tools/src/faults/live-scenario";
import { runSuite, type SuiteResult } from "../host-tools/src/faults/run-suite";
import { suiteArtifact, suiteConfig } from "../host-tools/src/faults/suite-config";
import {
  faultTable,
  foundOf,
  idleParts,
  layerTable,
  totalsTable,
} from "../host-tools/src/faults/suite-table";
import { readFilterModule } from "../host-tools/src/lib/filter-module";
import { findEnvoy } from "../host-tools/src/rig";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { rounded } from "./statistics";

const PER_HOUR = 1;
const FULL = { healthyHours: 1, repeats: 5 };
const QUICK = { healthyHours: 0.25, repeats: 1 };

interface Modules {
  readonly wasm: Uint8Array;
  readonly artifact: Uint8Array;
}

async function run(options: BenchOptions): Promise<BenchResult> {
  const { seed, quick, say } = options;
  const modules = { wasm: await readFilterModule(), artifact: await suiteArtifact() };
  const anomaly = { false_alarms_per_hour: PER_HOUR };
  const size = quick ? QUICK : FULL;
  const result = runSuite({ seed, perHour: PER_HOUR, anomaly, ...size, ...modules, say });
  const live = quick ? NO_ENVOY : await inEnvoy(options, modules);
  const headline = result.evidence ?? result.own;
  return {
    figures: {
      bench: "faults",
      seed,
      episodes: result.traffic.faults.scenario.episodes.length,
      healthy_key_hours: rounded(healthyKeyHours(result.traffic), 1),
      ...totals("", headline),
      ...totals("own_", result.own),
      ...Object.fromEntries(
        BASELINES.map((one) => [`f1_${one}`, f1(result.baselines[one])] as const),
      ),
      f1_outlier_defaults: f1(result.outlierDefaults),
      baselines: Object.fromEntries(
        BASELINES.map((one) => [one, result.baselines[one].detector] as const),
      ),
      layers: Object.fromEntries(
        Object.entries(result.subsets).map(([name, one]) => [name, totals("", one)] as const),
      ),
      classes: classes(result, headline),
      ...live,
    },
    table: [...totalsTable(result), [""], ...faultTable(headline), [""], ...layerTable(result)],
  };
}

const f1 = (comparison: Comparison): number => rounded(scoreOf(comparison.judgement).f1, 4);

function totals(prefix: string, comparison: Comparison): Record<string, number | null> {
  const score = scoreOf(comparison.judgement);
  const { falsePerHour } = comparison;
  const mean = falsePerHour.reduce((sum, rate) => sum + rate, 0) / falsePerHour.length;
  return {
    [`${prefix}f1`]: rounded(score.f1, 4),
    [`${prefix}recall`]: rounded(score.recall, 4),
    [`${prefix}precision`]: rounded(score.precision, 4),
    [`${prefix}delay_s`]: orNull(score.delayS),
    [`${prefix}false_per_hour`]: rounded(mean, 3),
    [`${prefix}false_per_hour_worst`]: rounded(Math.max(...falsePerHour), 3),
  };
}

/** JSON knows no NaN. */
function orNull(seconds: number): number | null {
  return Number.isNaN(seconds) ? null : rounded(seconds, 2);
}

function classes(result: SuiteResult, headline: Comparison): Record<string, unknown> {
  const of = (fault: (typeof FAULT_CLASSES)[number]) => {
    const { recall, delayS, f1: f1OfClass } = foundOf(headline, fault);
    return {
      recall: rounded(recall, 3),
      recall_by_intensity: [0, 1, 2].map((level) =>
        rounded(foundOf(headline, fault, (one) => one === level).recall, 3),
      ),
      delay_s: orNull(delayS),
      f1: rounded(f1OfClass, 3),
      static_recall: rounded(foundOf(result.baselines.static, fault).recall, 3),
      adds_nothing: idleParts(result, fault),
    };
  };
  return Object.fromEntries(FAULT_CLASSES.map((fault) => [fault, of(fault)]));
}

const NO_ENVOY = { envoy_agreement: null, envoy_found: null, embedded_found: null };

/** The short scenario in both engines. */
async function inEnvoy({ seed, say }: BenchOptions, { wasm, artifact }: Modules) {
  const scenario = liveScenario(seed);
  const pluginConfig = suiteConfig(scenario.routes, artifact);
  let binary: string;
  try {
    binary = (await findEnvoy({ install: true, onProgress: say })).path;
  } catch (error) {
    say(`no Envoy: ${(error as Error).message}`);
    return NO_ENVOY;
  }
  say(`a real Envoy: ${scenario.requests.length} requests`);
  const embedded = episodeVerdicts(runEmbeddedSuite(scenario, { wasm, pluginConfig }));
  const live = await runEnvoySuite(scenario, { binary, pluginConfig, say });
  const verdicts = episodeVerdicts(live);
  verdicts.forEach(({ episode, isFound, alarmShare }, i) => {
    const { fault, route } = episode;
    const other = embedded[i]!;
    const share = (value: number): string => `${Math.round(100 * value)} %`;
    say(
      `  ${fault} on ${scenario.routes[route]!.name}: Envoy ${isFound ? "found" : "missed"} ` +
        `(${share(alarmShare)}), embedded ${other.isFound ? "found" : "missed"} ` +
        `(${share(other.alarmShare)})`,
    );
  });
  const found = (all: readonly { readonly isFound: boolean }[]): number =>
    all.filter((one) => one.isFound).length;
  return {
    envoy_agreement: rounded(agreement(verdicts, embedded), 3),
    envoy_found: found(verdicts),
    embedded_found: found(embedded),
    envoy_ejections: live.ejectionsMs.reduce((sum, times) => sum + times.length, 0),
    generator_lag_p99_ms: rounded(live.lagP99Ms, 1),
  };
}

export const bench: Bench = {
  name: "faults",
  summary: "faults found at equal false alarms, against thresholds, EWMA z and outlier detection",
  run,
};
