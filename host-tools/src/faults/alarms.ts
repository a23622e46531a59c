// From a detector's opinion over time to alarms. All detectors are treated alike: one threshold per key,
// the smallest that keeps to the allowed false alarms on healthy traffic, which is more tuning than any
// of them would get in a running service.

/** A detector's opinion of one key: times in order, higher is worse. */
export interface AlarmSeries {
  readonly atMs: ArrayLike<number>;
  readonly value: ArrayLike<number>;
}

/** Exceedances closer than this are one alarm: somebody is looking already. */
export const ALARM_GAP_MS = 60_000;

/** Starts of the alarms of a key. @param fromMs what comes before is not looked at */
export function alarmStarts(series: AlarmSeries, threshold: number, fromMs: number): number[] {
  const starts: number[] = [];
  let lastMs = -Infinity;
  for (let i = 0; i < series.atMs.length; i++) {
    const atMs = series.atMs[i]!;
    if (atMs < fromMs || !(series.value[i]! >= threshold)) continue;
    if (atMs - lastMs > ALARM_GAP_MS) starts.push(atMs);
    lastMs = atMs;
  }
  return starts;
}

/** Healthy traffic of one key. */
export interface HealthySeries {
  readonly series: AlarmSeries;
  readonly fromMs: number;
  readonly untilMs: number;
}

const STEPS = 40;

/**
 * The smallest threshold from which on upwards no healthy series gives more alarms than allowed.
 *
 * @param perHour alarms allowed, over all the series together
 * @returns a threshold above every value where no other will do
 */
export function fitThreshold(healthy: readonly HealthySeries[], perHour: number): number {
  const hours = healthy.reduce((sum, one) => sum + (one.untilMs - one.fromMs), 0) / 3_600_000;
  const allowed = Math.floor(perHour * hours);
  const values = sortedValues(healthy);
  if (values.length === 0) return Infinity;
  const isQuiet = (threshold: number): boolean => {
    let alarms = 0;
    for (const { series, fromMs } of healthy) {
      alarms += alarmStarts(series, threshold, fromMs).length;
      if (alarms > allowed) return false;
    }
    return true;
  };
  // Below a low threshold everything is one long alarm, so the search goes from above: the first
  // rank that is too loud, then the last quiet one next to it.
  let quiet = values.length;
  let loud = -1;
  for (let step = 1; step <= STEPS && loud < 0; step++) {
    const rank = Math.max(0, Math.floor(values.length - values.length ** (step / STEPS)));
    if (isQuiet(values[rank]!)) quiet = rank;
    else loud = rank;
  }
  if (loud < 0) return values[quiet] ?? Infinity;
  while (quiet - loud > 1) {
    const middle = (quiet + loud) >> 1;
    if (isQuiet(values[middle]!)) quiet = middle;
    else loud = middle;
  }
  return values[quiet] ?? nextAbove(values[values.length - 1]!);
}

function sortedValues(healthy: readonly HealthySeries[]): Float64Array {
  const values: number[] = [];
  for (const { series, fromMs } of healthy) {
    for (let i = 0; i < series.atMs.length; i++) {
      const value = series.value[i]!;
      if (series.atMs[i]! >= fromMs && !Number.isNaN(value)) values.push(value);
    }
  }
  return Float64Array.from(values).sort();
}

function nextAbove(value: number): number {
  return value + Math.max(1e-9, Math.abs(value) * 1e-9);
}
