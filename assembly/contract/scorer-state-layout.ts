// Where a scorer keeps what it remembers of one route. No larger than the model needs: a route has
// a kilobyte for it, and two models share that more often than one fills it.
//
//   head, 32 bytes    u32 shape stamp, i32 variant, u32 model version, u32 steps,
//                     i32 surprise, i32 evidence, i32 unrest, i32 energy
//   i16 prediction[R] | i32 drift[O'] | i32 scale[O'] | memory
//
// R is O rounded up to 16, O' to 4. The architecture's memory begins at a multiple of 16:
//
//   Lstm         i16 hidden[H], i16 cell[H]
//   Gru          i16 hidden[H]
//   Linear       i16 window[W][D], the newest first
//   Transformer  as transformer-sections.ts draws it, i16 hidden[H] first
//
// An all-zero block is a valid, fresh state.
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

import { Architecture } from "./artifact";
import { paddedRows, variantRing } from "./artifact-layout";
import { transformerStateBytes } from "./transformer-sections";

/** Bytes that a route has for its scorer's state. */
export const SCORER_STATE_BYTES_MAX: i32 = 1024;
export const STATE_HEAD_BYTES: i32 = 32;
export const STATE_AT_STEPS: i32 = 12;
export const STATE_AT_SURPRISE: i32 = 16;
export const STATE_AT_EVIDENCE: i32 = 20;
export const STATE_AT_UNREST: i32 = 24;
export const STATE_AT_ENERGY: i32 = 28;
export const STATE_AT_PREDICTION: i32 = 32;

/** @returns byte offset of the outputs' drifts */
export function stateDriftOffset(outputs: i32): i32 {
  return STATE_HEAD_BYTES + 2 * paddedRows(outputs);
}

/** @returns byte offset of the outputs' scales */
export function stateScaleOffset(outputs: i32): i32 {
  return stateDriftOffset(outputs) + 4 * ((outputs + 3) & ~3);
}

/** @returns byte offset of the architecture's memory */
export function stateMemoryOffset(outputs: i32): i32 {
  return stateScaleOffset(outputs) + 4 * ((outputs + 3) & ~3);
}

/** @returns bytes of the architecture's memory */
export function stateMemoryBytes(architecture: i32, inputs: i32, hidden: i32, variant: i32): i32 {
  if (architecture == Architecture.Lstm) return 4 * hidden;
  if (architecture == Architecture.Gru) return 2 * hidden;
  if (architecture == Architecture.Linear) return 2 * inputs * variant;
  return transformerStateBytes(hidden, variantRing(variant));
}

/** @returns bytes of a route's state, a multiple of 16; the block must be aligned to 16 */
export function stateBytes(
  architecture: i32,
  inputs: i32,
  hidden: i32,
  outputs: i32,
  variant: i32,
): i32 {
  return stateMemoryOffset(outputs) + stateMemoryBytes(architecture, inputs, hidden, variant);
}
