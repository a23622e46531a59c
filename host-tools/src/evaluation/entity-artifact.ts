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

/** @param name in the artifact, at most 32 characters */
export function memberArtifact(
  model: FloatModel,
  units: ResidualUnits,
  name: string,
): ScorerArtifact {
  const outputs = model.head.outputs.length;
  // The scorer cuts off at 16.0 of what it normalises to; where the cap is larger, it counts less.
  const share = Math.min(1, RESIDUAL_CAP_MAX_Q8 / (256 * units.cap));
  return quantiseModel(model, {
    name,
    scaleShift: 0,
    residualCapQ8: Math.round(256 * units.cap * share),
    residualMultipliers: new Int32Array(outputs).fill(Math.round(ONE_MULTIPLIER * share)),
    scaleFloors: Int32Array.from(units.units, (unit) => Math.max(1, Math.round(unit * ONE_Q12))),
  });
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
