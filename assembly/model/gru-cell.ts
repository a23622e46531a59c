// The GRU's cell after its matrices, with SIMD128 and scalar, equal bit for bit. The reset gate
// stands after the recurrent matrix (PyTorch's form), so that the matrices need nothing of this step
// but its inputs and run before it.

import { multiplyQ15, sigmoidQ15, sigmoidSimd, tanhQ15, tanhSimd } from "./kernels";

/**
 * Updates the hidden state (Q15) in place, from gates before activation (Q12).
 *   n = tanh(saturate(candidate + r * recurrent)),  h = saturate((1 - u) * n + u * h)
 * No product saturates and 1 - u fits int16, because a sigmoid here is in [11, 32757].
 * @param gates i16[2 * hidden]: reset, update
 * @param candidate, recurrent i16[hidden] each
 * @param hidden a multiple of 8
 */
export function gruCellSimd(
  gates: usize,
  candidate: usize,
  recurrent: usize,
  h: usize,
  hidden: i32,
): void {
  const stride = (<usize>hidden) << 1;
  const end = gates + stride;
  const one = i16x8.splat(-32768);
  while (gates < end) {
    const reset = sigmoidSimd(v128.load(gates));
    const update = sigmoidSimd(v128.load(gates + stride));
    const remembered = i16x8.q15mulr_sat_s(reset, v128.load(recurrent));
    const fresh = tanhSimd(i16x8.add_sat_s(v128.load(candidate), remembered));
    // 32768 - u, modulo 2^16.
    const rest = i16x8.sub(one, update);
    const kept = i16x8.q15mulr_sat_s(update, v128.load(h));
    v128.store(h, i16x8.add_sat_s(kept, i16x8.q15mulr_sat_s(rest, fresh)));
    gates += 16;
    candidate += 16;
    recurrent += 16;
    h += 16;
  }
}

/** The same as gruCellSimd, one unit at a time. */
export function gruCellScalar(
  gates: usize,
  candidate: usize,
  recurrent: usize,
  h: usize,
  hidden: i32,
): void {
  const stride = (<usize>hidden) << 1;
  for (let unit: usize = 0; unit < stride; unit += 2) {
    const reset = sigmoidQ15(load<i16>(gates + unit));
    const update = sigmoidQ15(load<i16>(gates + unit + stride));
    const remembered = multiplyQ15(reset, load<i16>(recurrent + unit));
    const fresh = tanhQ15(saturated(<i32>load<i16>(candidate + unit) + remembered));
    const kept = multiplyQ15(update, load<i16>(h + unit));
    store<i16>(h + unit, saturated(kept + multiplyQ15(32768 - update, fresh)));
  }
}

// @ts-ignore: decorator
@inline
function saturated(value: i32): i32 {
  return min<i32>(max<i32>(value, -32768), 32767);
}
