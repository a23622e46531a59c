// One step of a GRU's cells for a batch, in the form that resets after the product (PyTorch, ONNX
// with linear_before_reset): all gates come from one product of the state.
//
//   r, u = logistic(x + h),  n = tanh(x_n + r h_n)
//   h' = n + u (h - n)
//
// Sums from inputs and from states are [batch][3][units] in the order r, u, n, biases included; the
// tape is [batch][4][units]: r, u, n and h_n, which the way back needs.

import { logistic, tangent } from "./exponential";

/**
 * Forward.
 * @param fromInputs sums from the inputs
 * @param fromHidden sums from the states before the step
 * @param before states before the step
 * @param tape written
 * @param hidden states after the step, written
 */
export function gruForward(
  fromInputs: usize,
  fromHidden: usize,
  before: usize,
  tape: usize,
  hidden: usize,
  batch: i32,
  units: i32,
): void {
  const bytes = (<usize>units) << 2;
  for (let row = 0; row < batch; row++) {
    for (let at: usize = 0; at < bytes; at += 16) {
      const x = fromInputs + at;
      const h = fromHidden + at;
      const out = tape + at;
      const r = logistic(f32x4.add(v128.load(x), v128.load(h)));
      const u = logistic(f32x4.add(v128.load(x + bytes), v128.load(h + bytes)));
      const recurrent = v128.load(h + 2 * bytes);
      const n = tangent(f32x4.add(v128.load(x + 2 * bytes), f32x4.mul(r, recurrent)));
      v128.store(out, r);
      v128.store(out + bytes, u);
      v128.store(out + 2 * bytes, n);
      v128.store(out + 3 * bytes, recurrent);
      const kept = f32x4.mul(u, f32x4.sub(v128.load(before + at), n));
      v128.store(hidden + at, f32x4.add(n, kept));
    }
    fromInputs += 3 * bytes;
    fromHidden += 3 * bytes;
    before += bytes;
    tape += 4 * bytes;
    hidden += bytes;
  }
}

/**
 * Backward.
 * @param tape as gruForward left it
 * @param dHidden derivative by the states after the step; on return its direct part by those
 *   before (through u alone)
 * @param dInputs derivative by the sums from the inputs, written
 * @param dRecurrent derivative by the sums from the states, written
 */
export function gruBackward(
  tape: usize,
  before: usize,
  dHidden: usize,
  dInputs: usize,
  dRecurrent: usize,
  batch: i32,
  units: i32,
): void {
  const bytes = (<usize>units) << 2;
  const one = f32x4.splat(1);
  for (let row = 0; row < batch; row++) {
    for (let at: usize = 0; at < bytes; at += 16) {
      const r = v128.load(tape + at);
      const u = v128.load(tape + at + bytes);
      const n = v128.load(tape + at + 2 * bytes);
      const recurrent = v128.load(tape + at + 3 * bytes);
      const dh = v128.load(dHidden + at);
      const kept = f32x4.sub(v128.load(before + at), n);
      const rest = f32x4.sub(one, u);
      const dn = f32x4.mul(f32x4.mul(dh, rest), f32x4.sub(one, f32x4.mul(n, n)));
      const du = f32x4.mul(f32x4.mul(dh, kept), f32x4.mul(u, rest));
      const dr = f32x4.mul(f32x4.mul(dn, recurrent), f32x4.mul(r, f32x4.sub(one, r)));
      v128.store(dHidden + at, f32x4.mul(dh, u));
      v128.store(dInputs + at, dr);
      v128.store(dInputs + at + bytes, du);
      v128.store(dInputs + at + 2 * bytes, dn);
      v128.store(dRecurrent + at, dr);
      v128.store(dRecurrent + at + bytes, du);
      v128.store(dRecurrent + at + 2 * bytes, f32x4.mul(dn, r));
    }
    tape += 4 * bytes;
    before += bytes;
    dHidden += bytes;
    dInputs += 3 * bytes;
    dRecurrent += 3 * bytes;
  }
}
