// One detector on one body of traffic: thresholds from its healthy part, verdicts on its faults.

import { alarmStarts, fitThreshold, type AlarmSeries } from "./alarms";
import type { Detector } from "./detector";
import { judge, type Judgement } from "./judge";
import { keyHours } from "./scenario";
import type { SuiteRun } from "./suite-run";

/** Traffic of the same routes, healthy and not. */
export interface TrialTraffic {
  readonly healthy: readonly SuiteRun[];
  readonly faults: SuiteRun;
}

export interface Comparison {
  readonly detector: string;
  /** By key. */
  readonly thresholds: readonly number[];
  /** Alarms per hour of healthy traffic, by key. */
  readonly falsePerHour: readonly number[];
  readonly judgement: Judgement;
}

/**
 * Sets each key's threshold on the healthy traffic and judges the faults with it.
 *
 * @param perHour false alarms allowed per hour and key
 * @param fixed a threshold for all keys instead, for what has one of its own
 */
export function compareDetector(
  detector: Detector,
  traffic: TrialTraffic,
  perHour: number,
  fixed?: number,
): Comparison {
  const healthy = traffic.healthy.map((run) => ({ run, series: detector.series(run) }));
  const keys = traffic.faults.scenario.routes.map((_, key) => key);
  const of = (key: number) =>
    healthy.map(({ run: { scenario }, series }) => {
      const fromMs = scenario.warmUpMs;
      return { series: series[key]!, fromMs, untilMs: scenario.untilMs[key]! };
    });
  const thresholds = keys.map((key) => fixed ?? fitThreshold(of(key), perHour));
  const falsePerHour = keys.map((key) => {
    const alarms = of(key).map((one) => alarmsIn(one, thresholds[key]!));
    const hours = of(key).map((one) => (one.untilMs - one.fromMs) / 3_600_000);
    return total(alarms) / total(hours);
  });
  const judgement = judge(traffic.faults.scenario, detector.series(traffic.faults), thresholds);
  return { detector: detector.name, thresholds, falsePerHour, judgement };
}

function alarmsIn(one: { series: AlarmSeries; fromMs: number }, threshold: number): number {
  return alarmStarts(one.series, threshold, one.fromMs).length;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Key-hours of healthy traffic. */
export function healthyKeyHours({ healthy }: TrialTraffic): number {
  return total(healthy.map(({ scenario }) => keyHours(scenario)));
}
