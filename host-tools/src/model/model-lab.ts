// Runs the filter's own scorer (build/model.lab.wasm) in Node: for tests, benches, evaluation on
// public data and checks that must not trust the reference. Not the embedded host: there is no
// proxy, only vectors in and scores out.

import {
  ArtifactStatus,
  FEATURE_SCHEMA,
  STATE_AT_ENERGY,
  STATE_AT_EVIDENCE,
  STATE_AT_PREDICTION,
  STATE_AT_SURPRISE,
  stateMemoryOffset,
} from "../contract";

interface LabExports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  artifactArea(): number;
  vectorArea(): number;
  workArea(): number;
  workBytes(): number;
  stateArea(index: number): number;
  stateBlockBytes(): number;
  modelStateBytes(): number;
  validate(bytes: number): number;
  validateFor(bytes: number, schema: number, inputs: number): number;
  validateModels(bytes: number): number;
  map(): void;
  version(): number;
  thresholdEvidence(): number;
  evidenceOfSurprise(surprise: number): number;
  evidencePermille(evidence: number): number;
  evidence(state: number): number;
  evidenceSimd(state: number): number;
  evidenceScalar(state: number): number;
  runMany(state: number, vectors: number, count: number, out: number): void;
  repeat(state: number, count: number, simd: number): number;
  sigmoidQ15(z: number): number;
  tanhQ15(z: number): number;
  gemvSimd(...matrix: number[]): void;
  gemvScalar(...matrix: number[]): void;
  cellSimd(z: number, cell: number, h: number, hidden: number): void;
  cellScalar(z: number, cell: number, h: number, hidden: number): void;
  gruCellSimd(gates: number, candidate: number, recurrent: number, h: number, hidden: number): void;
  gruCellScalar(
    gates: number,
    candidate: number,
    recurrent: number,
    h: number,
    hidden: number,
  ): void;
  quantise(out: number, raw: number, offsets: number, scales: number, count: number): void;
}

/** What a series of vectors gave, one number per vector. */
export interface LabRun {
  /** Q8; 0 during warm-up. */
  readonly evidences: Int32Array;
  /** Q12. */
  readonly surprises: Int32Array;
  /** Size of each step's residuals alone, Q12. */
  readonly energies: Int32Array;
}

export class ModelLab {
  readonly wasm: LabExports;

  private constructor(instance: WebAssembly.Instance) {
    this.wasm = instance.exports as unknown as LabExports;
    this.wasm._initialize();
  }

  /** @param module bytes of build/model.lab.wasm */
  static start(module: Uint8Array): ModelLab {
    return new ModelLab(new WebAssembly.Instance(new WebAssembly.Module(module), {}));
  }

  /** Puts an artifact into place and validates it as the filter does; maps it when it is good. */
  load(artifact: Uint8Array): ArtifactStatus {
    this.place(artifact);
    return this.mapIf(this.wasm.validate(artifact.length));
  }

  /** The same for vectors of any length (a multiple of 8) and states of any size. */
  loadAny(artifact: Uint8Array, schema: number = FEATURE_SCHEMA): ArtifactStatus {
    this.place(artifact);
    return this.mapIf(this.wasm.validateFor(artifact.length, schema, 0));
  }

  /** Whether the filter takes the bytes, which may be several models in one piece. */
  validateModels(artifact: Uint8Array): ArtifactStatus {
    this.place(artifact);
    return this.wasm.validateModels(artifact.length);
  }

  private place(artifact: Uint8Array): void {
    new Uint8Array(this.wasm.memory.buffer).set(artifact, this.wasm.artifactArea());
  }

  private mapIf(status: ArtifactStatus): ArtifactStatus {
    if (status === ArtifactStatus.Ok) this.wasm.map();
    return status;
  }

  /** A state block, zeroed. */
  freshState(index: number): number {
    const state = this.wasm.stateArea(index);
    new Uint8Array(this.wasm.memory.buffer, state, this.wasm.stateBlockBytes()).fill(0);
    return state;
  }

  /** Writes a quantised vector for evidenceSimd and evidenceScalar. */
  setQuantised(x: Int16Array): void {
    new Int16Array(this.wasm.memory.buffer, this.wasm.vectorArea(), x.length).set(x);
  }

  /** Writes a raw vector for evidence. */
  setRaw(features: ArrayLike<number>): void {
    const area = this.wasm.vectorArea();
    new Float32Array(this.wasm.memory.buffer, area, features.length).set(features);
  }

  surprise(state: number): number {
    return this.number(state + STATE_AT_SURPRISE);
  }

  /** What the surprise is worth, Q8; also during warm-up. */
  evidence(state: number): number {
    return this.number(state + STATE_AT_EVIDENCE);
  }

  energy(state: number): number {
    return this.number(state + STATE_AT_ENERGY);
  }

  private number(at: number): number {
    return new Int32Array(this.wasm.memory.buffer, at, 1)[0]!;
  }

  /** The predictions, Q12, as they lie in the state. */
  prediction(state: number, rows: number): Int16Array {
    return new Int16Array(this.wasm.memory.buffer, state + STATE_AT_PREDICTION, rows);
  }

  /** The first numbers of the architecture's memory, as they lie in the state. */
  memoryOf(state: number, outputs: number, length: number): Int16Array {
    return new Int16Array(this.wasm.memory.buffer, state + stateMemoryOffset(outputs), length);
  }

  /**
   * Runs a series of raw vectors through one state.
   * @param vectors count * width; a vector shorter than the model's inputs is filled with zeros
   * @param inputs of the loaded model
   */
  run(state: number, vectors: Float32Array, inputs: number, width: number = inputs): LabRun {
    const count = vectors.length / width;
    const run = {
      evidences: new Int32Array(count),
      surprises: new Int32Array(count),
      energies: new Int32Array(count),
    };
    const work = this.wasm.workArea();
    const chunk = Math.floor(this.wasm.workBytes() / (4 * inputs + 12));
    const out = work + 4 * chunk * inputs;
    for (let from = 0; from < count; from += chunk) {
      const length = Math.min(chunk, count - from);
      const place = new Float32Array(this.wasm.memory.buffer, work, length * inputs).fill(0);
      for (let i = 0; i < length; i++) {
        place.set(vectors.subarray((from + i) * width, (from + i + 1) * width), i * inputs);
      }
      this.wasm.runMany(state, work, length, out);
      const results = new Int32Array(this.wasm.memory.buffer, out, 3 * length);
      for (let i = 0; i < length; i++) {
        run.evidences[from + i] = results[3 * i]!;
        run.surprises[from + i] = results[3 * i + 1]!;
        run.energies[from + i] = results[3 * i + 2]!;
      }
    }
    return run;
  }
}
