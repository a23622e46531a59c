// Runs the filter's own scorer (build/model.lab.wasm) in Node: for tests, benches and checks that
// must not trust the reference. Not the embedded host: there is no proxy, only vectors in and
// scores out.

import { ArtifactStatus, FEATURES, FEATURE_SCHEMA } from "../contract";

interface LabExports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  artifactArea(): number;
  vectorArea(): number;
  workArea(): number;
  stateArea(index: number): number;
  stateBytes(): number;
  validate(bytes: number): number;
  validateFor(bytes: number, schema: number, inputs: number): number;
  map(): void;
  version(): number;
  thresholdPermille(): number;
  permille(surprise: number): number;
  score(state: number): number;
  scoreSimd(state: number): number;
  scoreScalar(state: number): number;
  scoreMany(state: number, vectors: number, count: number, scores: number): void;
  repeat(state: number, count: number, simd: number): number;
  sigmoidQ15(z: number): number;
  tanhQ15(z: number): number;
  gemvSimd(...matrix: number[]): void;
  gemvScalar(...matrix: number[]): void;
  cellSimd(z: number, cell: number, h: number, hidden: number): void;
  cellScalar(z: number, cell: number, h: number, hidden: number): void;
  quantise(out: number, raw: number, offsets: number, scales: number, count: number): void;
}

/** Bytes of a state block's parts; the layout is drawn in assembly/model/scorer-state.ts. */
const STATE = { surprise: 12, permille: 16, prediction: 32, hidden: 160, cell: 288 } as const;

/** Vectors scored per crossing by scoreAll. */
const CHUNK = 256;

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

  /**
   * Puts an artifact into place and validates it; maps it when it is good.
   * @param inputs length of its vectors, 0 for any; the filter itself takes only FEATURES
   */
  load(artifact: Uint8Array, inputs: number = FEATURES): ArtifactStatus {
    const area = this.wasm.artifactArea();
    new Uint8Array(this.wasm.memory.buffer).set(artifact, area);
    const status: ArtifactStatus =
      inputs === FEATURES
        ? this.wasm.validate(artifact.length)
        : this.wasm.validateFor(artifact.length, FEATURE_SCHEMA, inputs);
    if (status === ArtifactStatus.Ok) this.wasm.map();
    return status;
  }

  /** A state block, zeroed. */
  freshState(index: number): number {
    const state = this.wasm.stateArea(index);
    new Uint8Array(this.wasm.memory.buffer, state, this.wasm.stateBytes()).fill(0);
    return state;
  }

  /** Writes a quantised vector for scoreSimd and scoreScalar. */
  setQuantised(x: Int16Array): void {
    new Int16Array(this.wasm.memory.buffer, this.wasm.vectorArea(), x.length).set(x);
  }

  /** Writes a raw vector for score. */
  setRaw(features: ArrayLike<number>): void {
    const area = this.wasm.vectorArea();
    new Float32Array(this.wasm.memory.buffer, area, features.length).set(features);
  }

  surprise(state: number): number {
    return new Int32Array(this.wasm.memory.buffer, state + STATE.surprise, 1)[0]!;
  }

  permille(state: number): number {
    return new Int32Array(this.wasm.memory.buffer, state + STATE.permille, 1)[0]!;
  }

  /** The state's numbers from the prediction on, as they lie there. */
  prediction(state: number, length: number): Int16Array {
    return new Int16Array(this.wasm.memory.buffer, state + STATE.prediction, length);
  }

  hidden(state: number, length: number): Int16Array {
    return new Int16Array(this.wasm.memory.buffer, state + STATE.hidden, length);
  }

  cell(state: number, length: number): Int16Array {
    return new Int16Array(this.wasm.memory.buffer, state + STATE.cell, length);
  }

  /** Scores a sequence of raw vectors through one state. */
  scoreAll(state: number, vectors: Float32Array, inputs: number): Int32Array {
    const count = vectors.length / inputs;
    const scores = new Int32Array(count);
    const work = this.wasm.workArea();
    const results = work + CHUNK * inputs * 4;
    for (let from = 0; from < count; from += CHUNK) {
      const part = vectors.subarray(from * inputs, Math.min(count, from + CHUNK) * inputs);
      new Float32Array(this.wasm.memory.buffer, work, part.length).set(part);
      const length = part.length / inputs;
      this.wasm.scoreMany(state, work, length, results);
      scores.set(new Int32Array(this.wasm.memory.buffer, results, length), from);
    }
    return scores;
  }
}
