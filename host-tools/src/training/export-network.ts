// From the parameters of a fit to a float model: matrices turned to one row per gate and output,
// the targets' scaling taken off the head.

import type { FloatHead, FloatModel } from "../model/float-model";
import { defaultTransformerShape } from "../model/quantised-transformer";
import type { Fit } from "./fit";
import type { TrainingPlan } from "./training-plan";
import { exportTransformer } from "./transformer-network";

/** Columns of a matrix of the parameters, as rows of a row-major matrix. */
interface Block {
  readonly offset: number;
  readonly rows: number;
  readonly columns: number;
}

/** The turned columns `from` to `to` of the blocks, one block's numbers after the other's. */
function turn(
  parameters: Float32Array,
  blocks: readonly Block[],
  from: number,
  to: number,
): Float64Array {
  const width = blocks.reduce((sum, block) => sum + block.rows, 0);
  const out = new Float64Array((to - from) * width);
  let at = 0;
  for (let column = from; column < to; column++) {
    for (const { offset, rows, columns } of blocks) {
      for (let row = 0; row < rows; row++) out[at++] = parameters[offset + row * columns + column]!;
    }
  }
  return out;
}

/** The fitted network as it is handed on. */
export function exportNetwork(plan: TrainingPlan, fit: Fit): FloatModel {
  const { architecture, inputs, hidden } = plan;
  const { parameters } = fit;
  const head = exportHead(plan, fit);
  if (architecture === "transformer") {
    const layer = exportTransformer(parameters, defaultTransformerShape(inputs, hidden));
    return { architecture, inputs, hidden, head, layer };
  }
  const gates = (architecture === "lstm" ? 4 : 3) * hidden;
  const u = inputs * gates;
  const b = u + hidden * gates;
  const fromInputs = { offset: 0, rows: inputs, columns: gates };
  const fromHidden = { offset: u, rows: hidden, columns: gates };
  const biases = (from: number, to: number) => Float64Array.from(parameters.subarray(from, to));
  if (architecture === "lstm") {
    return {
      architecture,
      inputs,
      hidden,
      head,
      gateWeights: turn(parameters, [fromInputs, fromHidden], 0, gates),
      gateBiases: biases(b, b + gates),
    };
  }
  return {
    architecture,
    inputs,
    hidden,
    head,
    gateWeights: turn(parameters, [fromInputs, fromHidden], 0, 2 * hidden),
    gateBiases: biases(b, b + 2 * hidden),
    candidateInputWeights: turn(parameters, [fromInputs], 2 * hidden, gates),
    candidateInputBiases: biases(b + 2 * hidden, b + gates),
    candidateHiddenWeights: turn(parameters, [fromHidden], 2 * hidden, gates),
    candidateHiddenBiases: biases(b + gates, b + gates + hidden),
  };
}

function exportHead(plan: TrainingPlan, fit: Fit): FloatHead {
  const { inputs, hidden, outputs, targetScales } = plan;
  const { parameters, bodyParameters: offset, headColumns: columns } = fit;
  const rows = inputs + hidden;
  const weights = turn(parameters, [{ offset, rows, columns }], 0, outputs.length);
  const biases = new Float64Array(outputs.length);
  outputs.forEach((_, output) => {
    const scale = targetScales[output]!;
    for (let i = 0; i < rows; i++) weights[output * rows + i]! /= scale;
    biases[output] = parameters[offset + rows * columns + output]! / scale;
  });
  return { outputs, weights, biases };
}
