// The GRU's cell where the numbers are extreme, and by hand; long random runs are the host's test.

import { gruCellScalar, gruCellSimd } from "../../../assembly/model/gru-cell";

const GATES: usize = memory.data(32, 16);
const CANDIDATE: usize = memory.data(16, 16);
const RECURRENT: usize = memory.data(16, 16);
const SIMD: usize = memory.data(16, 16);
const SCALAR: usize = memory.data(16, 16);

/** Eight equal units, by both; returns the first's hidden state, which must be equal in all. */
function step(reset: i32, update: i32, candidate: i32, recurrent: i32, h: i32): i32 {
  for (let lane: usize = 0; lane < 16; lane += 2) {
    store<i16>(GATES + lane, reset);
    store<i16>(GATES + 16 + lane, update);
    store<i16>(CANDIDATE + lane, candidate);
    store<i16>(RECURRENT + lane, recurrent);
    store<i16>(SIMD + lane, h);
    store<i16>(SCALAR + lane, h);
  }
  gruCellSimd(GATES, CANDIDATE, RECURRENT, SIMD, 8);
  gruCellScalar(GATES, CANDIDATE, RECURRENT, SCALAR, 8);
  expect(memory.compare(SIMD, SCALAR, 16)).toBe(0, "SIMD and scalar differ");
  return load<i16>(SIMD);
}

describe("the GRU's cell", () => {
  it("keeps its state when the update gate is open, and renews it when shut", () => {
    // sigmoid(8) is 0.9997, sigmoid(-8) 0.0003; tanh(1) is 0.7616 = 24956.
    expect(step(0, 32767, 4096, 0, 16384)).toBeGreaterThan(16380);
    const renewed = step(0, -32768, 4096, 0, 16384);
    expect(renewed).toBeGreaterThan(24940);
    expect(renewed).toBeLessThan(24970);
  });

  it("mixes halves", () => {
    // Update gate 1/2: half of tanh(0) and half of the state.
    expect(step(0, 0, 0, 0, 16384)).toBe(8192);
    expect(step(0, 0, 0, 0, -16384)).toBe(-8192);
  });

  it("lets the reset gate take its share of the recurrent half alone", () => {
    // Reset 1/2 of 2.0 is 1.0, as much as the candidate alone brings.
    expect(step(0, -32768, 0, 8192, 0)).toBe(step(0, -32768, 4096, 0, 0));
    // A shut reset gate forgets the recurrent half.
    expect(abs<i32>(step(-32768, -32768, 0, 8192, 0))).toBeLessThan(32);
  });

  it("is the same by SIMD and scalar at every extreme", () => {
    const values: StaticArray<i32> = [-32768, -32767, -4096, -1, 0, 1, 4096, 32767];
    for (let gate = 0; gate < values.length; gate++) {
      for (let other = 0; other < values.length; other++) {
        for (let i = 0; i < values.length; i++) {
          step(values[gate], values[other], values[i], values[7 - other], values[7 - i]);
        }
      }
    }
  });
});
