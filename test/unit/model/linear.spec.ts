// The window of the linear model: what stands where after a few vectors.

import {
  ARTIFACT_AT_ARCHITECTURE,
  ARTIFACT_AT_CORE_SHIFT,
  ARTIFACT_AT_HIDDEN,
  ARTIFACT_AT_INPUTS,
  ARTIFACT_AT_OUTPUTS,
  ARTIFACT_AT_VARIANT,
  Architecture,
} from "../../../assembly/contract/artifact";
import { coreOffset } from "../../../assembly/contract/artifact-layout";
import { linearStep, linearStepScalar } from "../../../assembly/model/linear";
import { Model, mapModel } from "../../../assembly/model/model";

const INPUTS: i32 = 8;
const HIDDEN: i32 = 8;
const WINDOW: i32 = 3;
const COLUMNS: i32 = WINDOW * INPUTS;

const ARTIFACT: usize = memory.data(4096, 16);
const MODEL: usize = memory.data(512, 16);
const MEMORY: usize = memory.data(2 * COLUMNS, 16);
const X: usize = memory.data(2 * INPUTS, 16);

/** A model whose latent k is the first number of the vector k steps ago. */
function prepare(): Model {
  memory.fill(ARTIFACT, 0, 4096);
  memory.fill(MEMORY, 0, 2 * COLUMNS);
  store<i32>(ARTIFACT + ARTIFACT_AT_ARCHITECTURE, Architecture.Linear);
  store<i32>(ARTIFACT + ARTIFACT_AT_INPUTS, INPUTS);
  store<i32>(ARTIFACT + ARTIFACT_AT_HIDDEN, HIDDEN);
  store<i32>(ARTIFACT + ARTIFACT_AT_OUTPUTS, 1);
  store<i32>(ARTIFACT + ARTIFACT_AT_VARIANT, WINDOW);
  store<i32>(ARTIFACT + ARTIFACT_AT_CORE_SHIFT, 31);
  const encoder = ARTIFACT + <usize>coreOffset(INPUTS, 1);
  for (let age = 0; age < WINDOW; age++) {
    // Row `age`, column age * INPUTS: weight 2, multiplier 2^30 at shift 31.
    const pair = (age * INPUTS) >> 1;
    store<i8>(encoder + <usize>(pair * 32 + age * 2), 2);
    store<i32>(encoder + <usize>(16 * COLUMNS + 4 * age), 1 << 30);
  }
  const model = changetype<Model>(MODEL);
  mapModel(ARTIFACT, model);
  return model;
}

function vector(first: i32): usize {
  memory.fill(X, 0, 2 * INPUTS);
  store<i16>(X, first);
  store<i16>(X + 14, -first);
  return X;
}

describe("the linear model's window", () => {
  it("has the newest vector first and forgets the oldest", () => {
    const model = prepare();
    for (let i = 1; i <= 4; i++) linearStep(model, MEMORY, vector(100 * i));
    for (let age = 0; age < WINDOW; age++) {
      const at = MEMORY + <usize>(2 * INPUTS * age);
      expect<i32>(load<i16>(at)).toBe(400 - 100 * age);
      expect<i32>(load<i16>(at + 14)).toBe(100 * age - 400);
    }
  });

  it("is encoded with the vector that has just come", () => {
    const model = prepare();
    linearStep(model, MEMORY, vector(100));
    linearStepScalar(model, MEMORY, vector(200));
    const latents = linearStep(model, MEMORY, vector(300));
    expect<i32>(load<i16>(latents)).toBe(300);
    expect<i32>(load<i16>(latents + 2)).toBe(200);
    expect<i32>(load<i16>(latents + 4)).toBe(100);
    expect<i32>(load<i16>(latents + 6)).toBe(0);
  });
});
