// The score by hand: with weights of zero the residual of the one output is its feature.

import {
  Model,
  mapModel,
  modelThresholdEvidence,
  modelThresholdPermille,
  modelVersion,
} from "../../../assembly/model/model";
import { SCORER_STATE_BYTES_MAX } from "../../../assembly/contract/scorer-state-layout";
import { logitResidual, quantileResidual } from "../../../assembly/model/residual";
import {
  evidenceOf,
  evidenceQuantised,
  evidenceQuantisedScalar,
  evidenceStep,
  scoreStep,
} from "../../../assembly/model/scorer";
import { ScorerState, scorerStateBytes } from "../../../assembly/model/scorer-state";
import { TINY_FEATURE, TINY_WARM_UP, tinyArtifact, writeTiny } from "./tiny-artifact";

const MODEL: usize = memory.data(512, 16);
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
  return evidenceQuantised(model(), STATE, X);
}

describe("the scorer", () => {
  beforeEach(() => {
    writeTiny();
    mapModel(tinyArtifact(), model());
    memory.fill(STATE, 0, 1024);
  });

  it("fits its state into the block that a route has for it", () => {
    // Head, one row block of predictions, one drift and scale of four, hidden state and cell.
    expect(scorerStateBytes(model())).toBe(32 + 32 + 16 + 16 + 16 + 16);
    expect(scorerStateBytes(model())).toBeLessThanOrEqual(SCORER_STATE_BYTES_MAX);
  });

  it("says which model it is and where its threshold lies", () => {
    expect(modelVersion(model())).toBe(5);
    expect(modelThresholdEvidence(model())).toBe(768);
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
    for (let i = 0; i < 5; i++) evidenceQuantisedScalar(model(), STATE, X);
    expect(state().surprise).toBe(surprise);
    expect(surprise).toBeGreaterThan(0);
  });

  it("maps surprise to evidence linearly between knots and level outside", () => {
    expect(evidenceOf(model(), 0)).toBe(0);
    expect(evidenceOf(model(), 2048)).toBe(256);
    expect(evidenceOf(model(), 4096)).toBe(512);
    expect(evidenceOf(model(), 8192)).toBe(768);
    expect(evidenceOf(model(), 12287)).toBe(1023);
    expect(evidenceOf(model(), 12288)).toBe(1024);
    expect(evidenceOf(model(), i32.MAX_VALUE)).toBe(1024);
  });

  it("tells the score as permille of what is usual", () => {
    const raw = memory.data(4 * 64, 16);
    memory.fill(raw, 0, 4 * 64);
    for (let i = 0; i < 5; i++) scoreStep(model(), STATE, raw);
    expect(scoreStep(model(), STATE, raw)).toBe(0);
    // Residual 1.0 and drift 0.5: surprise 1.25, evidence 2.25.
    store<f32>(raw + 4 * TINY_FEATURE, 1);
    expect(evidenceStep(model(), STATE, raw)).toBe(576);
    expect(state().energy).toBe(4096);
    store<f32>(raw + 4 * TINY_FEATURE, 0);
    for (let i = 0; i < 40; i++) evidenceStep(model(), STATE, raw);
    store<f32>(raw + 4 * TINY_FEATURE, 1);
    expect(scoreStep(model(), STATE, raw)).toBe(994);
  });
});

describe("the residual", () => {
  it("of a quantile is the pinball loss with a sign", () => {
    // Level 0.75: a value above weighs three times one below.
    expect(quantileResidual(4096, 24576)).toBe(3072);
    expect(quantileResidual(-4096, 24576)).toBe(-1024);
    expect(quantileResidual(0, 24576)).toBe(0);
  });

  it("of a quantile does not wrap at the ends", () => {
    expect(quantileResidual(65535, 32767)).toBe(65533);
    expect(quantileResidual(-65535, 1)).toBe(-65533);
    expect(quantileResidual(-65535, 32767)).toBe(-2);
  });

  it("of a logit is a difference of probabilities", () => {
    // The feature is 0 at -1000 and 1 at 3096.
    expect(logitResidual(-1000, -1000, 3096, 0)).toBe(-2048);
    expect(logitResidual(3096, -1000, 3096, 0)).toBe(2048);
    expect(logitResidual(1048, -1000, 3096, 0)).toBe(0);
    expect(logitResidual(32767, -1000, 3096, 32767)).toBe(1, "clamped to 1, sigmoid(8) is less");
    expect(logitResidual(-32768, -1000, 3096, -32768)).toBe(-1);
    expect(logitResidual(32767, -32768, 32767, 0)).toBe(2048, "the widest range");
  });
});
