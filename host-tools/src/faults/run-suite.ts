// The whole suite in the embedded host: traffic, baselines tuned on seeds of their own, the filter with and
// without each of its layers, everything at the same false alarms.

import type { AnomalyConfig } from "../config/plugin-config";
import { BASELINES, compareBaseline, tuneBaselines, type Baseline } from "./baselines";
import { compareDetector, type Comparison, type TrialTraffic } from "./compare";
import type { Detector } from "./detector";
import { runEmbeddedSuite } from "./embedded-run";
import {
  evidenceDetector,
  filterAlarms,
  PARTS,
  subsetDetector,
  tellsEvidence,
} from "./evidence-detector";
import { faultScenario, healthyScenario, HEALTHY_KINDS } from "./make-scenario";
import { ENVOY_DEFAULTS, outlierDetection } from "./outlier-detection";
import { suiteConfig } from "./suite-config";
import { SUITE_ROUTES } from "./suite-routes";

export interface SuiteOptions {
  readonly seed: number;
  /** Of each kind of healthy traffic, after the warm-up; of every route. */
  readonly healthyHours: number;
  /** Episodes of each fault at each intensity. */
  readonly repeats: number;
  /** False alarms allowed per hour and key. */
  readonly perHour: number;
  /** The release module and the model. */
  readonly wasm: Uint8Array;
  readonly artifact: Uint8Array;
  /** What every route says about alarms. */
  readonly anomaly?: AnomalyConfig;
  readonly say: (line: string) => void;
}

export interface SuiteResult {
  readonly traffic: TrialTraffic;
  /** The filter's evidence; undefined where it told none. */
  readonly evidence: Comparison | undefined;
  /** The filter's alarms by its own threshold. */
  readonly own: Comparison;
  /** Evidence of subsets of the layers, by their names joined with `+`. */
  readonly subsets: Readonly<Record<string, Comparison>>;
  readonly baselines: Readonly<Record<Baseline, Comparison>>;
  readonly outlierDefaults: Comparison;
}

/** Tuning must not see what is measured. */
const TUNING_SEED = 100_003;

/** @throws GanglionError E_FILTER_REFUSED */
export function runSuite(options: SuiteOptions): SuiteResult {
  const { seed, perHour, say } = options;
  say("baselines: traffic to tune them on");
  const tuned = tuneBaselines(trialTraffic(seed + TUNING_SEED, options, undefined), perHour);
  for (const baseline of BASELINES) say(`  ${tuned[baseline].name}`);
  say("the filter: healthy traffic and faults");
  const config = suiteConfig(SUITE_ROUTES, options.artifact, options.anomaly);
  const traffic = trialTraffic(seed, options, config);
  const compare = (detector: Detector, fixed?: number): Comparison =>
    compareDetector(detector, traffic, perHour, fixed);
  const hasEvidence = tellsEvidence(traffic.faults);
  const subsets = hasEvidence ? partSubsets().map((parts) => compare(subsetDetector(parts))) : [];
  const baselines = BASELINES.map((baseline) => {
    return [baseline, compareBaseline(baseline, tuned[baseline], traffic, perHour)] as const;
  });
  return {
    traffic,
    evidence: hasEvidence ? compare(evidenceDetector("combined")) : undefined,
    own: compare(filterAlarms(), 1),
    subsets: Object.fromEntries(subsets.map((one) => [one.detector, one])),
    baselines: Object.fromEntries(baselines) as Record<Baseline, Comparison>,
    outlierDefaults: compare(outlierDetection("defaults", ENVOY_DEFAULTS), 1),
  };
}

function trialTraffic(
  seed: number,
  { healthyHours, repeats, wasm, say }: SuiteOptions,
  pluginConfig: string | undefined,
): TrialTraffic {
  const run = (scenario: Parameters<typeof runEmbeddedSuite>[0]) => {
    say(`  ${scenario.name}: ${scenario.requests.length} requests`);
    return runEmbeddedSuite(scenario, { wasm, pluginConfig });
  };
  return {
    healthy: HEALTHY_KINDS.map((kind) => run(healthyScenario(kind, seed, healthyHours))),
    faults: run(faultScenario(seed, repeats)),
  };
}

/** Every subset of the layers but the empty one. */
export function partSubsets(): (typeof PARTS)[number][][] {
  return Array.from({ length: 2 ** PARTS.length - 1 }, (_, i) => {
    return PARTS.filter((_part, p) => (((i + 1) >> p) & 1) === 1);
  });
}
