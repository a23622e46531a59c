// The baselines' settings, tried out on seeds of their own. Each gets the variant that does best there at
// the allowed false alarms; that variant is then measured on traffic that it has not seen.

import type { Detector } from "./detector";
import { compareDetector, type Comparison, type TrialTraffic } from "./compare";
import { ewmaZ } from "./ewma-z";
import type { Kpi } from "./kpi-windows";
import { ENVOY_DEFAULTS, outlierDetection, type OutlierOptions } from "./outlier-detection";
import { staticThresholds } from "./static-thresholds";
import { scoreOf } from "./judge";

export const BASELINES = ["static", "ewma_z", "outlier_detection"] as const;
export type Baseline = (typeof BASELINES)[number];

const WINDOWS_MS = [10_000, 30_000, 60_000] as const;
const HALF_LIVES_MS = [120_000, 600_000, 1_800_000] as const;
const KPI_SETS: readonly (readonly Kpi[])[] = [
  ["latency", "server-errors"],
  ["latency", "errors"],
  ["rate", "latency", "server-errors"],
  ["rate", "latency", "errors"],
];

/** Every variant that is tried. @param healthy the reference of the static thresholds */
export function baselineVariants(traffic: TrialTraffic): Record<Baseline, Detector[]> {
  const statics = WINDOWS_MS.flatMap((windowMs) =>
    KPI_SETS.map((kpis) => staticThresholds(traffic.healthy, { windowMs, kpis })),
  );
  const ewmas = WINDOWS_MS.flatMap((windowMs) =>
    HALF_LIVES_MS.flatMap((halfLifeMs) =>
      KPI_SETS.map((kpis) => ewmaZ({ windowMs, halfLifeMs, kpis })),
    ),
  );
  return { static: statics, ewma_z: ewmas, outlier_detection: outlierVariants() };
}

/**
 * Envoy's own settings first, then sharper ones. Of three hosts none can be more than 1.41 deviations
 * below their mean, so the success rate needs a smaller factor than Envoy's 1.9 to say anything.
 */
function outlierVariants(): Detector[] {
  const variants: OutlierOptions[] = [ENVOY_DEFAULTS];
  for (const consecutive of [3, 5, 8]) {
    for (const percentage of [10, 25, 50]) {
      for (const factor of [1100, 1300, 1900]) {
        variants.push({
          consecutive_5xx: consecutive,
          interval_ms: 10_000,
          base_ejection_time_ms: 30_000,
          success_rate_minimum_hosts: 3,
          success_rate_request_volume: 10,
          success_rate_stdev_factor: factor,
          failure_percentage_threshold: percentage,
          failure_percentage_minimum_hosts: 1,
          failure_percentage_request_volume: 10,
          enforcing_failure_percentage: 100,
        });
      }
    }
  }
  return variants.map((options) => {
    const name =
      options === ENVOY_DEFAULTS
        ? "outlier detection, defaults"
        : `outlier detection, ${options.consecutive_5xx} in a row, ` +
          `${options.failure_percentage_threshold} %, ${options.success_rate_stdev_factor / 1000} sd`;
    return outlierDetection(name, options);
  });
}

/** An ejection is an alarm; there is nothing to set but the variant. */
export const EJECTION_THRESHOLD = 1;

/** A baseline on some traffic, with a threshold per key where it has one. */
export function compareBaseline(
  baseline: Baseline,
  detector: Detector,
  traffic: TrialTraffic,
  perHour: number,
): Comparison {
  const fixed = baseline === "outlier_detection" ? EJECTION_THRESHOLD : undefined;
  return compareDetector(detector, traffic, perHour, fixed);
}

/**
 * Of each baseline the variant with the best F1 on the tuning traffic, among those that keep to the
 * allowed false alarms there.
 */
export function tuneBaselines(traffic: TrialTraffic, perHour: number): Record<Baseline, Detector> {
  const variants = baselineVariants(traffic);
  const best = (baseline: Baseline): Detector => {
    const tried = variants[baseline].map((detector) => {
      const { judgement, falsePerHour } = compareBaseline(baseline, detector, traffic, perHour);
      const isQuiet = Math.max(...falsePerHour) <= perHour;
      return { detector, f1: isQuiet ? scoreOf(judgement).f1 : -1 };
    });
    return tried.reduce((most, one) => (one.f1 > most.f1 ? one : most)).detector;
  };
  return {
    static: best("static"),
    ewma_z: best("ewma_z"),
    outlier_detection: best("outlier_detection"),
  };
}
