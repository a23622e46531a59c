// Causal attention of windows over their last `ring` steps, forward and backward: row t of a window
// looks at itself and the ring - 1 rows before it, as the filter's ring does (model/attention.ts). Not
// products of whole matrices: of a window's square of scores only a band is wanted.
//
//   score_a = q_t . k_(t-a) / sqrt(width) + bias[head][a],  p = softmax,  out_t = sum of p_a v_(t-a)
//
// Rows are [steps][windows]; a row of `attended` holds 3 * hidden numbers, queries, keys and values;
// head j has the columns j * width to (j + 1) * width, width = hidden / heads a multiple of 4. Dot
// products go by four lanes, which are summed as (0 + 1) + (2 + 3); all other sums by age, the newest
// step first.

import { exponential } from "./exponential";

/** f32[16], the longest ring: the derivative by each share of the row and head at hand. */
const D_SHARES: usize = memory.data(64, 16);

// @ts-ignore: decorator
@inline
function dot(a: usize, b: usize, bytes: usize): f32 {
  let sums = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    sums = f32x4.add(sums, f32x4.mul(v128.load(a + at), v128.load(b + at)));
  }
  const low = f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1);
  return low + (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
}

/** to += factor * from. */
// @ts-ignore: decorator
@inline
function addScaled(to: usize, from: usize, factor: f32, bytes: usize): void {
  const factors = f32x4.splat(factor);
  for (let at: usize = 0; at < bytes; at += 16) {
    const scaled = f32x4.mul(factors, v128.load(from + at));
    v128.store(to + at, f32x4.add(v128.load(to + at), scaled));
  }
}

/**
 * Forward.
 * @param out [rows][hidden], written
 * @param bias [heads][ring]
 * @param shares [rows][heads][ring], written; 0 for ages before the window
 * @param ring 8 or 16
 */
export function attentionForward(
  out: usize,
  attended: usize,
  bias: usize,
  shares: usize,
  steps: i32,
  windows: i32,
  hidden: i32,
  heads: i32,
  ring: i32,
): void {
  const columns = (<usize>hidden) << 2;
  const bytes = columns / <usize>heads;
  const stride = <usize>windows * columns * 3;
  const root = <f32>1 / sqrt<f32>(<f32>(hidden / heads));
  memory.fill(out, 0, <usize>(steps * windows) * columns);
  for (let step = 0; step < steps; step++) {
    const ages = min<i32>(step + 1, ring);
    for (let window = 0; window < windows; window++) {
      let biases = bias;
      for (let at: usize = 0; at < columns; at += bytes) {
        const query = attended + at;
        share(shares, query, query + columns, stride, biases, ages, ring, root, bytes);
        let value = query + columns * 2;
        for (let age = 0; age < ages; age++) {
          addScaled(out + at, value, load<f32>(shares + ((<usize>age) << 2)), bytes);
          value -= stride;
        }
        biases += (<usize>ring) << 2;
        shares += (<usize>ring) << 2;
      }
      out += columns;
      attended += columns * 3;
    }
  }
}

/** Softmax over the ages of one row and head. */
function share(
  shares: usize,
  query: usize,
  key: usize,
  stride: usize,
  biases: usize,
  ages: i32,
  ring: i32,
  root: f32,
  bytes: usize,
): void {
  const end = shares + ((<usize>ages) << 2);
  let largest = -f32.MAX_VALUE;
  for (let p = shares; p < end; p += 4) {
    const score = dot(query, key, bytes) * root + load<f32>(biases);
    store<f32>(p, score);
    largest = max<f32>(largest, score);
    key -= stride;
    biases += 4;
  }
  let sum: f32 = 0;
  for (let p = shares; p < end; p += 16) {
    v128.store(p, exponential(f32x4.sub(v128.load(p), f32x4.splat(largest))));
  }
  for (let p = shares; p < end; p += 4) sum += load<f32>(p);
  for (let p = shares; p < end; p += 16) {
    v128.store(p, f32x4.div(v128.load(p), f32x4.splat(sum)));
  }
  memory.fill(end, 0, (<usize>(ring - ages)) << 2);
}

/**
 * Backward.
 * @param dAttended derivative by `attended`, written
 * @param dBias [heads][ring], added to
 * @param dOut derivative by what attentionForward wrote
 * @param shares as attentionForward left them
 */
export function attentionBackward(
  dAttended: usize,
  dBias: usize,
  dOut: usize,
  attended: usize,
  shares: usize,
  steps: i32,
  windows: i32,
  hidden: i32,
  heads: i32,
  ring: i32,
): void {
  const columns = (<usize>hidden) << 2;
  const bytes = columns / <usize>heads;
  const stride = <usize>windows * columns * 3;
  const root = <f32>1 / sqrt<f32>(<f32>(hidden / heads));
  memory.fill(dAttended, 0, <usize>steps * stride);
  for (let step = 0; step < steps; step++) {
    const ages = min<i32>(step + 1, ring);
    for (let window = 0; window < windows; window++) {
      let dBiases = dBias;
      for (let at: usize = 0; at < columns; at += bytes) {
        const values = columns * 2 + at;
        const mean = backValues(
          dAttended + values,
          dOut + at,
          attended + values,
          shares,
          stride,
          ages,
          bytes,
        );
        let key = columns + at;
        for (let age: usize = 0; age < (<usize>ages) << 2; age += 4) {
          const d = load<f32>(shares + age) * (load<f32>(D_SHARES + age) - mean);
          store<f32>(dBiases + age, load<f32>(dBiases + age) + d);
          const scaled = d * root;
          addScaled(dAttended + at, attended + key, scaled, bytes);
          addScaled(dAttended + key, attended + at, scaled, bytes);
          key -= stride;
        }
        dBiases += (<usize>ring) << 2;
        shares += (<usize>ring) << 2;
      }
      dOut += columns;
      attended += columns * 3;
      dAttended += columns * 3;
    }
  }
}

/** Derivatives by the values, and into D_SHARES those by the shares. @returns their mean by share */
function backValues(
  dValue: usize,
  dOut: usize,
  value: usize,
  shares: usize,
  stride: usize,
  ages: i32,
  bytes: usize,
): f32 {
  let mean: f32 = 0;
  for (let age: usize = 0; age < (<usize>ages) << 2; age += 4) {
    const share = load<f32>(shares + age);
    const d = dot(dOut, value, bytes);
    addScaled(dValue, dOut, share, bytes);
    store<f32>(D_SHARES + age, d);
    mean += share * d;
    value -= stride;
    dValue -= stride;
  }
  return mean;
}
