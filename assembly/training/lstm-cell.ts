// One step of an LSTM's cells for a batch, after the gates' product and before the next one.
//
//   i, f, o = logistic, g = tanh of the gates
//   c' = f c + i g,  h' = o tanh(c')
//
// Gates are [batch][4][hidden] in the order i, f, g, o; cells and states [batch][hidden]; hidden is
// a multiple of 4.

import { logistic, tangent } from "./exponential";

/**
 * Forward.
 * @param gates before activation; activated in place
 * @param before cells before the step
 * @param cells cells after it, written
 * @param squashed tanh of them, written
 * @param hidden states after the step, written
 */
export function lstmForward(
  gates: usize,
  before: usize,
  cells: usize,
  squashed: usize,
  hidden: usize,
  batch: i32,
  units: i32,
): void {
  const bytes = (<usize>units) << 2;
  for (let row = 0; row < batch; row++) {
    for (let at: usize = 0; at < bytes; at += 16) {
      const gate = gates + at;
      const i = logistic(v128.load(gate));
      const f = logistic(v128.load(gate + bytes));
      const g = tangent(v128.load(gate + 2 * bytes));
      const o = logistic(v128.load(gate + 3 * bytes));
      v128.store(gate, i);
      v128.store(gate + bytes, f);
      v128.store(gate + 2 * bytes, g);
      v128.store(gate + 3 * bytes, o);
      const cell = f32x4.add(f32x4.mul(f, v128.load(before + at)), f32x4.mul(i, g));
      const squash = tangent(cell);
      v128.store(cells + at, cell);
      v128.store(squashed + at, squash);
      v128.store(hidden + at, f32x4.mul(o, squash));
    }
    gates += 4 * bytes;
    before += bytes;
    cells += bytes;
    squashed += bytes;
    hidden += bytes;
  }
}

/** v (1 - v) d: back through a logistic function of value v. */
// @ts-ignore: decorator
@inline
function throughLogistic(v: v128, d: v128): v128 {
  return f32x4.mul(d, f32x4.mul(v, f32x4.sub(f32x4.splat(1), v)));
}

/** (1 - v v) d: back through a tanh of value v. */
// @ts-ignore: decorator
@inline
function throughTangent(v: v128, d: v128): v128 {
  return f32x4.mul(d, f32x4.sub(f32x4.splat(1), f32x4.mul(v, v)));
}

/**
 * Backward.
 * @param gates activated, as lstmForward left them
 * @param dHidden derivative by the states after the step
 * @param dCells derivative by the cells after the step; before it on return
 * @param dGates derivative by the gates before activation, written
 */
export function lstmBackward(
  gates: usize,
  before: usize,
  squashed: usize,
  dHidden: usize,
  dCells: usize,
  dGates: usize,
  batch: i32,
  units: i32,
): void {
  const bytes = (<usize>units) << 2;
  for (let row = 0; row < batch; row++) {
    for (let at: usize = 0; at < bytes; at += 16) {
      const gate = gates + at;
      const out = dGates + at;
      const i = v128.load(gate);
      const f = v128.load(gate + bytes);
      const g = v128.load(gate + 2 * bytes);
      const o = v128.load(gate + 3 * bytes);
      const squash = v128.load(squashed + at);
      const dh = v128.load(dHidden + at);
      const through = throughTangent(squash, f32x4.mul(dh, o));
      const dc = f32x4.add(v128.load(dCells + at), through);
      v128.store(out, throughLogistic(i, f32x4.mul(dc, g)));
      v128.store(out + bytes, throughLogistic(f, f32x4.mul(dc, v128.load(before + at))));
      v128.store(out + 2 * bytes, throughTangent(g, f32x4.mul(dc, i)));
      v128.store(out + 3 * bytes, throughLogistic(o, f32x4.mul(dh, squash)));
      v128.store(dCells + at, f32x4.mul(dc, f));
    }
    gates += 4 * bytes;
    dGates += 4 * bytes;
    before += bytes;
    squashed += bytes;
    dHidden += bytes;
    dCells += bytes;
  }
}
