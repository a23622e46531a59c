// Raw features to the model's int16 inputs, by the artifact's calibration. The only floating point
// on the way to a score; written so that no value traps and both a lane and its scalar twin agree.
//
//   x = saturate16(nearest_even((raw - offset) * scale))     scale in Q12 units per raw unit
//
// A value that is not finite counts as the offset (x = 0): an input that could not be measured must
// not look like an extreme.

/**
 * @param out i16[count], Q12
 * @param raw f32[count]
 * @param offsets f32[count], in raw units
 * @param scales f32[count], positive and finite
 * @param count a multiple of 8
 */
export function quantise(out: usize, raw: usize, offsets: usize, scales: usize, count: i32): void {
  const end = raw + ((<usize>count) << 2);
  while (raw < end) {
    const low = quantiseFour(raw, offsets, scales);
    const high = quantiseFour(raw + 16, offsets + 16, scales + 16);
    v128.store(out, i16x8.narrow_i32x4_s(low, high));
    raw += 32;
    offsets += 32;
    scales += 32;
    out += 16;
  }
}

// @ts-ignore: decorator
@inline
function quantiseFour(raw: usize, offsets: usize, scales: usize): v128 {
  const value = v128.load(raw);
  const scaled = f32x4.mul(f32x4.sub(value, v128.load(offsets)), v128.load(scales));
  // value - value is 0 for finite numbers and NaN for all others.
  const finite = f32x4.eq(f32x4.sub(value, value), f32x4.splat(0));
  return v128.and(i32x4.trunc_sat_f32x4_s(f32x4.nearest(scaled)), finite);
}
