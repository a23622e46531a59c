// A member as an artifact whose energy counts residuals in fixed units, and the energy of a series by
// the filter's own scorer. Fixed, not the route's adaptive scale: a server's incident may last for
// hours, and a scale that follows would take it for the usual.

import { ArtifactStatus, RESIDUAL_CAP_MAX_Q8, artifactStatusName } from "../contract";
import { GanglionError } from "../lib/errors";
import { encodeArtifact } from "../model/artifact";
import type { FloatModel } from "../model/float-model";
import type { ModelLab } from "../model/model-lab";
import { ONE_Q12 } from "../model/q12";
import { quantiseModel } from "../model/quantise-model";
import type { ScorerArtifact } from "../model/scorer-artifact";
import type { ScaledSeries } from "./plain-scorers";
import type { ResidualUnits } from "./step-energy";

/** Multiplier of a normalised residual that leaves it as it is. */
const ONE_MULTIPLIER = 4096;

/**
 * Inputs reach to the ends of Q12, and what is reconstructed of such an input goes beyond: saturated,
 * it would come out right by accident. So the autoencoder works in units of twice the size.
 */
const LINEAR_UNIT = 2;

/** @param name in the artifact, at most 32 characters */
export function memberArtifact(
  model: FloatModel,
  units: ResidualUnits,
  name: string,
): ScorerArtifact {
  const outputs = model.head.outputs.length;
  // The scorer cuts off at 16.0 of what it normalises to; where the cap is larger, it counts less.
  const share = Math.min(1, RESIDUAL_CAP_MAX_Q8 / (256 * units.cap));
  const unit = model.architecture === "linear" ? LINEAR_UNIT : 1;
  return quantiseModel(inUnits(model, unit), {
    name,
    featureScales: new Float32Array(model.inputs).fill(ONE_Q12 / unit),
    scaleShift: 0,
    residualCapQ8: Math.round(256 * units.cap * share),
    residualMultipliers: new Int32Array(outputs).fill(Math.round(ONE_MULTIPLIER * share)),
    scaleFloors: Int32Array.from(units.units, (size) => {
      return Math.max(1, Math.round((size * ONE_Q12) / unit));
    }),
  });
}

/** The same linear model for vectors that are divided by a unit; any other only for 1. */
function inUnits(model: FloatModel, unit: number): FloatModel {
  if (model.architecture !== "linear") return model;
  const divided = (biases: Float64Array) => biases.map((bias) => bias / unit);
  const head = { ...model.head, biases: divided(model.head.biases) };
  return { ...model, encoderBiases: divided(model.encoderBiases), head };
}

/**
 * Energy of each step of a series, by the Wasm scorer; in the member's own unit.
 * @throws GanglionError E_EVALUATION_ARTIFACT when the scorer refuses the artifact
 */
export function wasmEnergy(
  lab: ModelLab,
  artifact: ScorerArtifact,
  series: ScaledSeries,
): Float64Array {
  const status = lab.loadAny(encodeArtifact(artifact));
  if (status !== ArtifactStatus.Ok) {
    const reason = artifactStatusName(status);
    throw new GanglionError("E_EVALUATION_ARTIFACT", `the scorer refuses a member: ${reason}`, {
      hint: "Build the scorer's module anew with npm run build.",
    });
  }
  const inputs = Math.ceil(series.inputs / 8) * 8;
  const { energies } = lab.run(lab.freshState(0), series.values, inputs, series.inputs);
  return Float64Array.from(energies);
}
