// Streaming quantiles of a latency: a histogram whose buckets split each octave into 16 equal parts (the
// HdrHistogram layout), so the bucket is a shift of the float's bits. Not P-square or a t-digest: those
// have no error bound that holds for every stream, or allocate. Old samples fade by halving all counts
// once per half-life, lazily, on the next sample.
//
// Range 2^-4 ms (62.5 us) to 2^18 ms (262 s); what lies outside counts in the end buckets. The value
// returned is the middle of its bucket: the relative error is at most 1/32 (3.2 %) inside the range.

/** log2 of the range's ends, in ms. */
const LOW_EXPONENT: i32 = -4;
const HIGH_EXPONENT: i32 = 18;
const PER_OCTAVE_BITS: i32 = 4;
const BUCKETS: i32 = (HIGH_EXPONENT - LOW_EXPONENT) << PER_OCTAVE_BITS;
/** Bits of the range's low end as an f32, shifted to bucket numbers. */
const BASE: i32 = (127 + LOW_EXPONENT) << PER_OCTAVE_BITS;

/** Head of a sketch; its 16-bit counts follow it. */
// @ts-ignore: decorator
@unmanaged
@final
export class Sketch {
  /** Sum of the counts. */
  total: u32;
  reserved: u32;
  /** Time of the last halving; 0 before the first sample. */
  halvedMs: f64;
}

const HEAD_BYTES: usize = offsetof<Sketch>();
/** Bytes of one sketch; a multiple of 16. */
export const SKETCH_BYTES: usize = HEAD_BYTES + <usize>BUCKETS * 2;

if (HEAD_BYTES != 16) ERROR("counts must start on a 16-byte boundary");
if ((BUCKETS & 7) != 0) ERROR("halving works on eight counts at a time");

function bucketOf(xMs: f32): i32 {
  const index = (reinterpret<i32>(xMs) >> (23 - PER_OCTAVE_BITS)) - BASE;
  return max(0, min(index, BUCKETS - 1));
}

/** Middle of a bucket, in ms. */
function middleMs(bucket: i32): f32 {
  const low = reinterpret<f32>((bucket + BASE) << (23 - PER_OCTAVE_BITS));
  const high = reinterpret<f32>((bucket + 1 + BASE) << (23 - PER_OCTAVE_BITS));
  return (low + high) * 0.5;
}

/** Halves every count, and recounts the total. */
function halve(sketch: Sketch): void {
  const counts = changetype<usize>(sketch) + HEAD_BYTES;
  let sum = i32x4.splat(0);
  const ones = i16x8.splat(1);
  for (let i: usize = 0; i < <usize>BUCKETS * 2; i += 16) {
    const halved = i16x8.shr_u(v128.load(counts + i), 1);
    v128.store(counts + i, halved);
    // Halved counts fit in 15 bits, so the signed dot product is their sum.
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(halved, ones));
  }
  sketch.total =
    i32x4.extract_lane(sum, 0) +
    i32x4.extract_lane(sum, 1) +
    i32x4.extract_lane(sum, 2) +
    i32x4.extract_lane(sum, 3);
}

/** Adds a latency; negative or NaN is dropped. */
export function addToSketch(sketch: Sketch, xMs: f32, nowMs: f64, halfLifeMs: i32): void {
  if (!(xMs >= 0)) return;
  if (sketch.halvedMs == 0) sketch.halvedMs = nowMs;
  const age = nowMs - sketch.halvedMs;
  if (age > <f64>halfLifeMs) {
    // After 16 half-lives nothing is left of a 16-bit count.
    const times = <i32>min(age / <f64>halfLifeMs, 16.0);
    for (let i = 0; i < times && i < 16; i++) halve(sketch);
    sketch.halvedMs = times < 16 ? sketch.halvedMs + <f64>(times * halfLifeMs) : nowMs;
  }
  const place = changetype<usize>(sketch) + HEAD_BYTES + <usize>bucketOf(xMs) * 2;
  if (load<u16>(place) == u16.MAX_VALUE) halve(sketch);
  store<u16>(place, load<u16>(place) + 1);
  sketch.total++;
}

/**
 * The latency below which a share of the samples lies.
 *
 * @param permille in [0, 1000]
 * @returns ms; 0 when the sketch is empty
 */
export function quantileMs(sketch: Sketch, permille: i32): f32 {
  const total = sketch.total;
  if (total == 0) return 0;
  // Nearest rank: the smallest value with at least this many samples at or below it.
  const rank = max<u64>(1, (<u64>total * <u64>permille + 999) / 1000);
  const counts = changetype<usize>(sketch) + HEAD_BYTES;
  let below: u64 = 0;
  for (let i = 0; i < BUCKETS; i++) {
    below += load<u16>(counts + <usize>i * 2);
    if (below >= rank) return middleMs(i);
  }
  return middleMs(BUCKETS - 1);
}
