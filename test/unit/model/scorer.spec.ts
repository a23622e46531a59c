// The score by hand: with weights of zero the residual of the one output is its feature.

import {
  Model,
  mapModel,
  modelThresholdPermille,
  modelVersion,
} from "../../../assembly/model/model";
import {
  permilleOf,
  scoreQuantised,
  scoreQuantisedScalar,
  scoreStep,
} from "../../../assembly/model/scorer";
import { SCORER_STATE_BYTES, ScorerState } from "../../../assembly/model/scorer-state";
import { TINY_FEATURE, TINY_WARM_UP, tinyArtifact, writeTiny } from "./tiny-artifact";

const MODEL: usize = memory.data(256, 16);
const STATE: usize = memory.data(1024, 16);
const X: usize = memory.data(128, 16);

function model(): Model {
  return changetype<Model>(MODEL);
}

function state(): ScorerState {
  return changetype<ScorerState>(STATE);
}

/** One step with the predicted feature at a value (Q12). */
function step(valueQ12: i32): i32 {
  memory.fill(X, 0, 64);
  store<i16>(X + 2 * TINY_FEATURE, valueQ12);
  return scoreQuantised(model(), STATE, X);
}

describe("the scorer", () => {
  beforeEach(() => {
    writeTiny();
    mapModel(tinyArtifact(), model());
    memory.fill(STATE, 0, 1024);
  });

  it("fits its state into the block that a route has for it", () => {
    expect(SCORER_STATE_BYTES).toBeLessThanOrEqual(1024);
    expect<usize>(SCORER_STATE_BYTES & 15).toBe(0);
  });

  it("says which model it is and where its threshold lies", () => {
    expect(modelVersion(model())).toBe(5);
    expect(modelThresholdPermille(model())).toBe(999);
  });

  it("scores 0 while a state warms up", () => {
    for (let i = 0; i < TINY_WARM_UP; i++) expect(step(32767)).toBe(0);
    expect(step(32767)).toBeGreaterThan(0);
    expect<u32>(state().steps).toBe(TINY_WARM_UP + 1);
  });

  it("has no residual at the first step, which nothing predicted", () => {
    step(8192);
    expect(state().surprise).toBe(0);
  });

  it("adds unrest and drift as the formula says", () => {
    step(0);
    // Residual 1.0 over a scale of 1.0: unrest 1.0, drift (shift 1) 0.5, squared 0.25.
    step(4096);
    expect(state().unrest).toBe(4096);
    expect(state().surprise).toBe(4096 + 1024);
    // The other way: unrest again 1.0, drift 0.5 - 0.75 = -0.25.
    step(-4096);
    expect(state().unrest).toBe(4096);
    expect(state().surprise).toBe(4096 + 256);
  });

  it("caps a single residual at four", () => {
    for (let i = 0; i < 10; i++) step(0);
    // Eight deviations in a scale of 1.0 count as four; the drift is half of eight.
    step(32767);
    expect(state().unrest).toBe(16 * 4096);
    expect(state().surprise).toBeGreaterThan(31 * 4096);
    expect(state().surprise).toBeLessThanOrEqual(32 * 4096);
  });

  it("learns what is usual for the route", () => {
    for (let i = 0; i < 600; i++) step((i & 1) == 0 ? 16384 : -16384);
    // The drift swings between 4/3 and -4/3, which becomes the scale: residuals of three scales.
    expect(state().unrest).toBeGreaterThan(8 * 4096);
    expect(state().unrest).toBeLessThan(10 * 4096);
  });

  it("starts anew when the shape changes", () => {
    for (let i = 0; i < 10; i++) step(4096);
    writeTiny(5, 16);
    mapModel(tinyArtifact(), model());
    expect(step(4096)).toBe(0);
    expect<u32>(state().steps).toBe(1);
    expect(state().surprise).toBe(0);
  });

  it("keeps its state over new weights, and skips the old ones' prediction", () => {
    for (let i = 0; i < 10; i++) step(0);
    writeTiny(6);
    mapModel(tinyArtifact(), model());
    step(32767);
    expect(state().surprise).toBe(0, "that residual was between two models");
    expect<u32>(state().steps).toBe(11);
    expect<u32>(state().modelVersion).toBe(6);
    step(4096);
    expect(state().surprise).toBeGreaterThan(0);
  });

  it("has the same score from raw features and from scalar kernels", () => {
    const raw = memory.data(128, 16);
    store<f32>(raw + 4 * TINY_FEATURE, 1.5);
    for (let i = 0; i < 5; i++) scoreStep(model(), STATE, raw);
    const surprise = state().surprise;
    memory.fill(STATE, 0, 1024);
    memory.fill(X, 0, 64);
    store<i16>(X + 2 * TINY_FEATURE, 6144);
    for (let i = 0; i < 5; i++) scoreQuantisedScalar(model(), STATE, X);
    expect(state().surprise).toBe(surprise);
    expect(surprise).toBeGreaterThan(0);
  });

  it("maps surprise to permille linearly between knots and level outside", () => {
    expect(permilleOf(model(), 0)).toBe(0);
    expect(permilleOf(model(), 2048)).toBe(250);
    expect(permilleOf(model(), 4096)).toBe(500);
    expect(permilleOf(model(), 8192)).toBe(750);
    expect(permilleOf(model(), 12287)).toBe(999);
    expect(permilleOf(model(), 12288)).toBe(1000);
    expect(permilleOf(model(), i32.MAX_VALUE)).toBe(1000);
  });
});
