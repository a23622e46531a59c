// From the residuals of a step to its surprise (the formulas stand at the head of scorer.ts), with
// SIMD128 and scalar, equal bit for bit. Four outputs side by side; their integers are those of the
// scalar loop, the only division aside:
//
//   floor(256 distance / unit) in f32 is exact. Both operands are integers below 2^24, so they are
//   represented; a quotient that is no integer lies at least 1 / (256 distance) > 2^-24 of itself
//   below the next one, and rounding moves it by 2^-24 of itself at most.

import {
  DRIFT_CAP_Q8,
  OUTPUTS_MAX,
  OutputKind,
  RATIO_MAX_Q8,
  SCALE_CLIP,
} from "../contract/artifact";
import { Model } from "./model";
import { logitResidual, quantileResidual } from "./residual";
import { ScorerState, stateDrift, statePrediction, stateScale } from "./scorer-state";

/** i32[OUTPUTS_MAX], Q12; what lies behind the last output is 0. */
const RESIDUALS: usize = memory.data(4 * OUTPUTS_MAX, 16);

/** Residuals of the prediction into scale, energy, unrest, drift and surprise. */
export function compareSimd(model: Model, state: ScorerState, x: usize): void {
  const last = takeResiduals(model, state, x);
  const drifts = stateDrift(model, state);
  const scales = stateScale(model, state);
  const driftShift = model.driftShift;
  const driftHalf = i32x4.splat((1 << driftShift) >> 1);
  const fullShift = model.scaleShift;
  const scaleShift = scaleShiftOf(model, state);
  const clipped = scaleShift == fullShift;
  const clip = i32x4.splat(SCALE_CLIP);
  const unclipped = i32x4.splat(i32.MAX_VALUE);
  const residualCap = i32x4.splat(model.residualCapQ8);
  const driftCap = i32x4.splat(DRIFT_CAP_Q8);
  let energy = i32x4.splat(0);
  let drift = energy;
  for (let at: usize = 0; at < last; at += 16) {
    const residual = v128.load(RESIDUALS + at);
    const usual = v128.load(scales + at);
    const unit = i32x4.max_s(i32x4.shr_s(usual, 8), v128.load(model.scaleFloors + at));
    const size = i32x4.abs(residual);
    const residualMultiplier = v128.load(model.residualMultipliers + at);
    energy = i32x4.add(energy, squaredSimd(size, unit, residualMultiplier, residualCap));

    const before = v128.load(drifts + at);
    const change = i32x4.add(i32x4.sub(i32x4.shl(residual, 8), before), driftHalf);
    const mean = i32x4.add(before, i32x4.shr_s(change, driftShift));
    v128.store(drifts + at, mean);
    const lean = i32x4.shr_s(i32x4.abs(mean), 8);
    const driftMultiplier = v128.load(model.driftMultipliers + at);
    drift = i32x4.add(drift, squaredSimd(lean, unit, driftMultiplier, driftCap));

    if (fullShift == 0) continue;
    const counted = i32x4.min_s(lean, clipped ? i32x4.mul(clip, unit) : unclipped);
    const toCounted = i32x4.sub(i32x4.shl(counted, 8), usual);
    v128.store(scales + at, i32x4.add(usual, i32x4.shr_s(toCounted, scaleShift)));
  }
  settle(model, state, sumOf(energy), sumOf(drift));
}

/** The same as compareSimd, one output at a time. */
export function compareScalar(model: Model, state: ScorerState, x: usize): void {
  const drifts = stateDrift(model, state);
  const scales = stateScale(model, state);
  const driftShift = model.driftShift;
  const driftHalf = (1 << driftShift) >> 1;
  const fullShift = model.scaleShift;
  const scaleShift = scaleShiftOf(model, state);
  const clipped = scaleShift == fullShift;
  let energy: i32 = 0;
  let drift: i32 = 0;
  for (let output = 0; output < model.outputs; output++) {
    const at = (<usize>output) << 2;
    const residual = residualOf(model, state, x, at);
    const size = abs<i32>(residual);
    const usual = load<i32>(scales + at);
    const unit = max<i32>(usual >> 8, load<i32>(model.scaleFloors + at));
    const residualMultiplier = load<i32>(model.residualMultipliers + at);
    energy += squared(size, unit, residualMultiplier, model.residualCapQ8);

    const before = load<i32>(drifts + at);
    const mean = before + (((residual << 8) - before + driftHalf) >> driftShift);
    store<i32>(drifts + at, mean);
    const lean = abs<i32>(mean) >> 8;
    drift += squared(lean, unit, load<i32>(model.driftMultipliers + at), DRIFT_CAP_Q8);

    if (fullShift == 0) continue;
    const counted = clipped ? min<i32>(lean, SCALE_CLIP * unit) : lean;
    store<i32>(scales + at, usual + (((counted << 8) - usual) >> scaleShift));
  }
  settle(model, state, energy, drift);
}

/** A young state averages over what it has seen, and has no scale yet to clip by. */
// @ts-ignore: decorator
@inline
function scaleShiftOf(model: Model, state: ScorerState): i32 {
  const age = 31 - <i32>clz<u32>(min<u32>(state.steps, 1 << model.scaleShift) + 1);
  return min<i32>(age, model.scaleShift);
}

// @ts-ignore: decorator
@inline
function settle(model: Model, state: ScorerState, energy: i32, drift: i32): void {
  const smoothing = model.smoothingShift;
  state.energy = energy >> 4;
  state.unrest += (state.energy - state.unrest + ((1 << smoothing) >> 1)) >> smoothing;
  state.surprise = state.unrest + (drift >> 4);
}

/** @returns bytes of the residuals, whole registers of four */
// @ts-ignore: decorator
@inline
function takeResiduals(model: Model, state: ScorerState, x: usize): usize {
  const used = (<usize>model.outputs) << 2;
  const last = (used + 15) & ~15;
  if (last > used) v128.store(RESIDUALS + last - 16, i32x4.splat(0));
  for (let at: usize = 0; at < used; at += 4) {
    store<i32>(RESIDUALS + at, residualOf(model, state, x, at));
  }
  return last;
}

/** @param at four times the output's index */
// @ts-ignore: decorator
@inline
function residualOf(model: Model, state: ScorerState, x: usize, at: usize): i32 {
  const actual = <i32>load<i16>(x + ((<usize>load<i32>(model.outputFeatures + at)) << 1));
  const predicted = <i32>load<i16>(statePrediction(state) + (at >> 1));
  const kind = load<i32>(model.outputKinds + at);
  if (kind == OutputKind.Value) return actual - predicted;
  if (kind == OutputKind.Quantile) {
    return quantileResidual(actual - predicted, load<i32>(model.outputLevels + at));
  }
  const zero = load<i32>(model.outputZeros + at);
  return logitResidual(actual, zero, load<i32>(model.outputOnes + at), predicted);
}

/**
 * Squares of distance / unit * multiplier, Q16. Behind the last output distance and unit are 0 and
 * the ratio no number, which truncates to 0.
 */
// @ts-ignore: decorator
@inline
function squaredSimd(distance: v128, unit: v128, multiplier: v128, capQ8: v128): v128 {
  const wide = f32x4.convert_i32x4_s(i32x4.shl(distance, 8));
  const quotient = i32x4.trunc_sat_f32x4_s(f32x4.div(wide, f32x4.convert_i32x4_s(unit)));
  const ratio = i32x4.min_s(quotient, i32x4.splat(RATIO_MAX_Q8));
  const normalised = i32x4.min_s(i32x4.shr_s(i32x4.mul(ratio, multiplier), 12), capQ8);
  return i32x4.mul(normalised, normalised);
}

/**
 * Square of distance / unit * multiplier, Q16.
 * @param distance at most 65535, unit at least 1, multiplier at most 32767: nothing overflows
 */
// @ts-ignore: decorator
@inline
function squared(distance: i32, unit: i32, multiplier: i32, capQ8: i32): i32 {
  const ratio = min<u32>(((<u32>distance) << 8) / <u32>unit, RATIO_MAX_Q8);
  const normalised = min<i32>((<i32>ratio * multiplier) >> 12, capQ8);
  return normalised * normalised;
}

// @ts-ignore: decorator
@inline
function sumOf(lanes: v128): i32 {
  const pairs = i32x4.add(lanes, v128.shuffle<i32>(lanes, lanes, 2, 3, 0, 1));
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1);
}
