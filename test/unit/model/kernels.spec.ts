// SIMD kernels against scalar ones where the numbers are extreme; long random runs are the host's
// test.

import { BIAS_MAX } from "../../../assembly/contract/artifact";
import {
  cellScalar,
  cellSimd,
  gemvScalar,
  gemvSimd,
  sigmoidQ15,
  tanhQ15,
} from "../../../assembly/model/kernels";

const ROWS: i32 = 32;
const INPUTS: i32 = 16;
const HIDDEN: i32 = 64;

const WEIGHTS: usize = memory.data(4096, 16);
const MULTIPLIERS: usize = memory.data(128, 16);
const BIASES: usize = memory.data(128, 16);
const X: usize = memory.data(32, 16);
const H: usize = memory.data(128, 16);
const SIMD: usize = memory.data(64, 16);
const SCALAR: usize = memory.data(64, 16);

function fill(weight: i32, x: i32, h: i32, bias: i32, multiplier: i32): void {
  memory.fill(WEIGHTS, <u8>weight, ROWS * (INPUTS + HIDDEN));
  for (let i = 0; i < INPUTS; i++) store<i16>(X + 2 * i, x);
  for (let i = 0; i < HIDDEN; i++) store<i16>(H + 2 * i, h);
  for (let row = 0; row < ROWS; row++) {
    store<i32>(BIASES + 4 * row, bias);
    store<i32>(MULTIPLIERS + 4 * row, multiplier);
  }
}

/** Runs both kernels and returns the first row's result; every row must be the same in both. */
function both(shift: i32): i32 {
  const h = HIDDEN;
  gemvSimd(SIMD, ROWS, WEIGHTS, MULTIPLIERS, BIASES, shift, X, INPUTS, 3, H, h);
  gemvScalar(SCALAR, ROWS, WEIGHTS, MULTIPLIERS, BIASES, shift, X, INPUTS, 3, H, h);
  expect(memory.compare(SIMD, SCALAR, 2 * ROWS)).toBe(0, "SIMD and scalar differ");
  return load<i16>(SIMD);
}

describe("gemv", () => {
  it("does not wrap at the accumulator's extremes", () => {
    // 128 * 32768 * (16 * 8 + 64) + 2^28 = 1073741824: a quarter of a turn from the edge.
    fill(-128, -32768, -32768, BIAS_MAX, 1 << 30);
    expect(both(46)).toBe(1073741824 >> 16);
    expect(both(31)).toBe(32767, "saturates upwards");
    fill(-128, 32767, 32767, -BIAS_MAX, 1 << 30);
    expect(both(31)).toBe(-32768, "saturates downwards");
    fill(127, 32767, 32767, BIAS_MAX, i32.MAX_VALUE);
    expect(both(31)).toBe(32767);
    expect(both(60)).toBe(2);
  });

  it("rounds halves up, for both signs", () => {
    fill(0, 0, 0, 3, 1 << 30);
    expect(both(31)).toBe(2, "1.5");
    fill(0, 0, 0, -3, 1 << 30);
    expect(both(31)).toBe(-1, "-1.5");
    fill(0, 0, 0, 1, 1 << 30);
    expect(both(31)).toBe(1, "0.5");
    fill(0, 0, 0, -1, 1 << 30);
    expect(both(31)).toBe(0, "-0.5");
  });

  it("gives a padding row nothing", () => {
    fill(127, 32767, 32767, BIAS_MAX, 0);
    expect(both(40)).toBe(0);
  });

  it("reads each weight at its drawn place", () => {
    // Row 17, column 18 (hidden 2): block 1, pair 9, second place of the block's second row.
    fill(0, 0, 0, 0, 1 << 30);
    store<i16>(H + 4, 1000);
    store<i8>(WEIGHTS + 16 * 80 + 9 * 32 + 2, 64);
    both(30 + 5);
    for (let row = 0; row < ROWS; row++) {
      expect<i32>(load<i16>(SIMD + 2 * row)).toBe(row == 17 ? 2000 : 0);
    }
  });
});

describe("the cell", () => {
  it("is the same by SIMD and scalar at every extreme", () => {
    const z = memory.data(64, 16);
    const cells = memory.data(32, 16);
    const hiddens = memory.data(32, 16);
    const values: StaticArray<i32> = [-32768, -32767, -4096, -1, 0, 1, 4096, 32767];
    for (let gate = 0; gate < values.length; gate++) {
      for (let cell = 0; cell < values.length; cell++) {
        for (let lane = 0; lane < 8; lane++) {
          store<i16>(z + 2 * lane, values[gate]);
          store<i16>(z + 16 + 2 * lane, values[lane]);
          store<i16>(z + 32 + 2 * lane, values[7 - gate]);
          store<i16>(z + 48 + 2 * lane, values[cell]);
          store<i16>(cells + 2 * lane, values[cell]);
          store<i16>(cells + 16 + 2 * lane, values[cell]);
        }
        cellSimd(z, cells, hiddens, 8);
        cellScalar(z, cells + 16, hiddens + 16, 8);
        expect(memory.compare(cells, cells + 16, 16)).toBe(0, "cells differ");
        expect(memory.compare(hiddens, hiddens + 16, 16)).toBe(0, "hidden states differ");
      }
    }
  });
});

describe("the activations", () => {
  it("have their middle and their ends where they belong", () => {
    expect(sigmoidQ15(0)).toBe(16384);
    expect(tanhQ15(0)).toBe(0);
    expect(sigmoidQ15(32767)).toBe(32757);
    expect(sigmoidQ15(-32768)).toBe(11);
    expect(tanhQ15(32767)).toBe(32746);
    expect(tanhQ15(-32768)).toBe(-32746);
  });

  it("never fall by more than one unit as z rises", () => {
    let sigmoidBefore = sigmoidQ15(-32768);
    let tanhBefore = tanhQ15(-32768);
    for (let z = -32767; z <= 32767; z++) {
      if (sigmoidQ15(z) < sigmoidBefore - 1 || tanhQ15(z) < tanhBefore - 1) {
        expect(z).toBe(i32.MIN_VALUE, "falls here");
      }
      sigmoidBefore = sigmoidQ15(z);
      tanhBefore = tanhQ15(z);
    }
  });
});
