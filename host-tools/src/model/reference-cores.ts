// The architectures' steps once more, in TypeScript: the judges of the filter's kernels. Row-major
// weights, one number at a time. Every number must agree bit for bit.

import { Architecture } from "../contract";
import { multiplyQ15 } from "./activation-table";
import { applyMatrix, saturate16, sigmoidQ15, tanhQ15 } from "./reference-math";
import { ReferenceTransformer } from "./reference-transformer";
import type { ScorerArtifact } from "./scorer-artifact";

/** What an architecture remembers of one route, and how a vector changes it. */
export interface ReferenceCore {
  /** What the predictor reads: Q15, a linear model's latents Q12. */
  readonly hidden: Int16Array;
  /** The memory's numbers as they stand in a state block from its beginning on. */
  readonly memory: Int16Array;
  /** @param x Q12, one per input */
  step(x: Int16Array): void;
}

/** A fresh memory for an artifact's architecture. */
export function referenceCore(artifact: ScorerArtifact): ReferenceCore {
  switch (artifact.architecture) {
    case Architecture.Lstm:
      return new ReferenceLstm(artifact);
    case Architecture.Gru:
      return new ReferenceGru(artifact);
    case Architecture.Linear:
      return new ReferenceLinear(artifact);
    case Architecture.Transformer:
      return new TransformerCore(artifact);
  }
}

class ReferenceLstm implements ReferenceCore {
  hidden: Int16Array;
  private readonly cell: Int16Array;

  constructor(private readonly artifact: ScorerArtifact) {
    this.hidden = new Int16Array(artifact.hidden);
    this.cell = new Int16Array(artifact.hidden);
  }

  get memory(): Int16Array {
    const numbers = new Int16Array(2 * this.artifact.hidden);
    numbers.set(this.hidden);
    numbers.set(this.cell, this.artifact.hidden);
    return numbers;
  }

  step(x: Int16Array): void {
    const { hidden: units, inputShift, core } = this.artifact;
    const z = applyMatrix(core[0]!, x, inputShift, this.hidden);
    this.hidden = Int16Array.from({ length: units }, (_, unit) => {
      const inputGate = sigmoidQ15(z[unit]!);
      const forgetGate = sigmoidQ15(z[units + unit]!);
      const candidate = tanhQ15(z[2 * units + unit]!);
      const outputGate = sigmoidQ15(z[3 * units + unit]!);
      const fresh = (multiplyQ15(inputGate, candidate) + 4) >> 3;
      const cell = saturate16(multiplyQ15(forgetGate, this.cell[unit]!) + fresh);
      this.cell[unit] = cell;
      return multiplyQ15(outputGate, tanhQ15(cell));
    });
  }
}

class ReferenceGru implements ReferenceCore {
  hidden: Int16Array;

  constructor(private readonly artifact: ScorerArtifact) {
    this.hidden = new Int16Array(artifact.hidden);
  }

  get memory(): Int16Array {
    return this.hidden;
  }

  step(x: Int16Array): void {
    const { hidden: units, inputShift, core } = this.artifact;
    const gates = applyMatrix(core[0]!, x, inputShift, this.hidden);
    const fromInputs = applyMatrix(core[1]!, x, inputShift, []);
    const fromHidden = applyMatrix(core[2]!, [], 0, this.hidden);
    this.hidden = this.hidden.map((before, unit) => {
      const reset = sigmoidQ15(gates[unit]!);
      const update = sigmoidQ15(gates[units + unit]!);
      const remembered = multiplyQ15(reset, fromHidden[unit]!);
      const candidate = tanhQ15(saturate16(fromInputs[unit]! + remembered));
      const fresh = multiplyQ15(32768 - update, candidate);
      return saturate16(multiplyQ15(update, before) + fresh);
    });
  }
}

class ReferenceLinear implements ReferenceCore {
  hidden: Int16Array;
  /** The window, newest vector first. */
  readonly memory: Int16Array;

  constructor(private readonly artifact: ScorerArtifact) {
    this.hidden = new Int16Array(artifact.hidden);
    this.memory = new Int16Array(artifact.variant * artifact.inputs);
  }

  step(x: Int16Array): void {
    this.memory.copyWithin(this.artifact.inputs, 0);
    this.memory.set(x);
    this.hidden = applyMatrix(this.artifact.core[0]!, [], 0, this.memory);
  }
}

class TransformerCore implements ReferenceCore {
  private readonly layer: ReferenceTransformer;

  constructor({ transformer }: ScorerArtifact) {
    if (transformer === undefined) throw new TypeError("a Transformer without its layer");
    this.layer = new ReferenceTransformer(transformer);
  }

  get hidden(): Int16Array {
    return this.layer.hidden;
  }

  get memory(): Int16Array {
    return this.layer.hidden;
  }

  step(x: Int16Array): void {
    this.layer.step(x);
  }
}
