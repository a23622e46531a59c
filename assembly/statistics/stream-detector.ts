// A detector for one scalar stream of which nothing is known: half-lives in values, not in time, hours of
// the day, and alarms on records only. The route monitor has half-lives in time instead; this one is for
// series with a cadence of their own (a KPI a minute, a sensor), and what `detect --set nab` measures.
//
//   evidence = mean(shift, drift, time of day where known) + 2.0 for a new extreme, at most EVIDENCE_MAX
//
// The mean, because what two detectors find unlikely at once is news in a stream of any kind, and what one
// finds alone seldom is. A new extreme comes on top: no average of the past can know it. Weights and mean
// come from a search on public series, from the middle of what was equally good.

import { EVIDENCE_MAX, EVIDENCE_ONE } from "../contract/evidence";
import { Extremes, stepExtremes } from "./extremes";
import { REACH_FREE } from "./level-shift";
import { RECORD_BYTES, Record, stepRecord } from "./record";
import { DAILY_BYTES, SIGNAL_BYTES, Tuning } from "./signal-detector";
import { isSignal, signalParts, stepSignal } from "./signal-detector";

const FAST_WEIGHT: f32 = 1.0 / 8.0;
const SLOW_WEIGHT: f32 = 1.0 / 300.0;
const DRIFT_FAST_WEIGHT: f32 = 1.0 / 64.0;
const DRIFT_SLOW_WEIGHT: f32 = 1.0 / 1000.0;
/** Two days' worth at a value every five minutes. */
const HOUR_WEIGHT: f32 = 0.03;
const FLOOR: f32 = 1e-9;
/** Evidence of a new extreme. */
const EXTREME_Q8: i32 = 2 * EVIDENCE_ONE;

const DAILY: usize = SIGNAL_BYTES;
const EXTREMES: usize = DAILY + DAILY_BYTES;
const RECORD: usize = EXTREMES + offsetof<Extremes>();
/** Bytes of one stream; all zero before the first value. */
export const STREAM_BYTES: usize = (RECORD + RECORD_BYTES + 7) & ~7;

const TUNING: usize = memory.data(40, 8);
if (offsetof<Tuning>() > 40) ERROR("TUNING is too small");

/**
 * Takes a value.
 *
 * @param stream STREAM_BYTES
 * @param x in whatever unit; one that is no number or beyond 1e15 is dropped
 * @param nowMs any clock that runs on
 * @param dayMs ms since midnight; NaN where the wall clock is not known
 * @returns evidence, Q8, in [0, EVIDENCE_MAX]
 */
export function stepStream(stream: usize, x: f32, nowMs: f64, dayMs: f64): i32 {
  if (!isSignal(x)) return 0;
  const tuning = changetype<Tuning>(TUNING);
  tuning.fastWeight = FAST_WEIGHT;
  tuning.slowWeight = SLOW_WEIGHT;
  tuning.driftFastWeight = DRIFT_FAST_WEIGHT;
  tuning.driftSlowWeight = DRIFT_SLOW_WEIGHT;
  tuning.hourWeight = HOUR_WEIGHT;
  tuning.floor = FLOOR;
  tuning.reach = REACH_FREE;
  tuning.risesOnly = 0;
  tuning.guarded = 0;
  const parts = stepSignal(stream, stream + DAILY, x, nowMs, dayMs, tuning);
  let sum = 0;
  for (let i = 0; i < parts; i++) sum += load<u16>(signalParts() + ((<usize>i) << 1));
  const isNew = stepExtremes(changetype<Extremes>(stream + EXTREMES), x);
  return min(sum / parts + (isNew ? EXTREME_Q8 : 0), EVIDENCE_MAX);
}

/** As stepStream, but 0 for evidence that is no record. */
export function stepStreamForRecords(stream: usize, x: f32, nowMs: f64, dayMs: f64): i32 {
  const evidenceQ8 = stepStream(stream, x, nowMs, dayMs);
  return stepRecord(changetype<Record>(stream + RECORD), evidenceQ8);
}
