// Is this usual at this hour? An average and a variance for each hour of the day. Not a sine: daily traffic
// has corners. The hour is of UTC; which clock does not matter as long as it stays the same one.
//
// Says nothing while the stream is younger than two days: before that nobody knows what repeats.

const BINS: i32 = 24;
const DAY_MS: f64 = 86400000;
const BIN_MS: f64 = 3600000;
const KNOWN_AFTER_MS: f64 = 2 * DAY_MS;
/** Values in an hour's average before it is compared with. */
const KNOWN_AFTER: i32 = 3;
const SAMPLES_MAX: i32 = 65535;
/** Least deviation as a share of the level. */
const RELATIVE_FLOOR: f32 = 1e-6;

const MEANS: usize = 16;
const VARIANCES: usize = MEANS + <usize>BINS * 4;
const SAMPLES: usize = VARIANCES + <usize>BINS * 4;

/** Averages of one signal by hour; all zero before the first value. */
// @ts-ignore: decorator
@unmanaged
@final
export class TimeOfDay {
  /** When the first value came; the earliest time, should the clock be set back. */
  firstMs: f64;
  /** 1 once there was one. */
  started: i32;
  reserved: i32;
}

/** Bytes of one signal's hours. */
export const TIME_OF_DAY_BYTES: usize = SAMPLES + <usize>BINS * 2;

if (offsetof<TimeOfDay>() != MEANS) ERROR("the averages follow the head");

/**
 * Takes a value.
 *
 * @param x finite, |x| <= 1e15
 * @param nowMs any clock that runs on
 * @param dayMs ms since midnight, in [0, 86400000); anything else: the wall clock is not known
 * @param weight share of a new value in its hour's averages; the first ones count as in a plain mean
 * @param floor deviation that nothing falls below, > 0
 * @returns distance from the hour's average in standard deviations, >= 0; -1 while that is not known
 */
export function stepTimeOfDay(
  state: TimeOfDay,
  x: f32,
  nowMs: f64,
  dayMs: f64,
  weight: f32,
  floor: f32,
): f32 {
  if (!(dayMs >= 0 && dayMs < DAY_MS)) return -1;
  if (state.started == 0 || nowMs < state.firstMs) {
    state.started = 1;
    state.firstMs = nowMs;
  }
  const bin = <usize>min(BINS - 1, <i32>(dayMs / BIN_MS));
  const means = changetype<usize>(state) + MEANS + (bin << 2);
  const variances = changetype<usize>(state) + VARIANCES + (bin << 2);
  const counts = changetype<usize>(state) + SAMPLES + (bin << 1);
  const seen = <i32>load<u16>(counts);
  const mean = load<f32>(means);
  const variance = load<f32>(variances);
  if (seen < SAMPLES_MAX) store<u16>(counts, <u16>(seen + 1));
  if (seen == 0) {
    store<f32>(means, x);
    return -1;
  }
  const delta = x - mean;
  const share = max<f32>(weight, <f32>1 / <f32>(seen + 1));
  store<f32>(variances, (1 - share) * (variance + share * delta * delta));
  store<f32>(means, mean + share * delta);
  if (seen < KNOWN_AFTER || !(nowMs - state.firstMs >= KNOWN_AFTER_MS)) return -1;
  return abs<f32>(delta / (sqrt<f32>(variance) + (RELATIVE_FLOOR * abs<f32>(mean) + floor)));
}
