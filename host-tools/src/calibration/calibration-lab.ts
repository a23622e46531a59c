// Runs the filter's own calibration (build/calibration.lab.wasm) in Node: for tests and benches
// that must not trust the reference.

import { CALIBRATOR_STATE_BYTES } from "../contract";

interface LabExports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  stateArea(index: number): number;
  stepArea(): number;
  step(state: number, evidence: number, client: number, nowMs: number, alpha: number): number;
  note(state: number, client: number): void;
  window(
    state: number,
    evidence: number,
    client: number,
    others: number,
    nowMs: number,
    alpha: number,
  ): number;
  stepMany(state: number, count: number, alpha: number): void;
  threshold(state: number): number;
  rateAlpha(state: number, alarmsPerHour: number): number;
  combineEvidence(a: number, b: number, c: number, weights: number): number;
  evidenceOfShare(share: number): number;
}

/** What a key is told, one entry a step. */
export interface Steps {
  /** Q8. */
  readonly evidence: ArrayLike<number>;
  /** Hash of each step's client. */
  readonly client: (step: number) => number;
  readonly timeMs: (step: number) => number;
}

/** What the steps had to say. */
export interface StepResults {
  /** CALIBRATION_ bits. */
  readonly flags: Uint8Array;
  /** Threshold after each step, Q8. */
  readonly thresholds: Int16Array;
}

/** Steps of one crossing, and bytes of each. */
const CHUNK = 4096;
const STEP_BYTES = 24;

export class CalibrationLab {
  readonly wasm: LabExports;

  private constructor(instance: WebAssembly.Instance) {
    this.wasm = instance.exports as unknown as LabExports;
    this.wasm._initialize();
  }

  /** @param module bytes of build/calibration.lab.wasm */
  static start(module: Uint8Array): CalibrationLab {
    const imports = {
      env: {
        abort: () => {
          throw new WebAssembly.RuntimeError("the calibration aborted");
        },
      },
    };
    return new CalibrationLab(new WebAssembly.Instance(new WebAssembly.Module(module), imports));
  }

  /** A state block, zeroed. @param index 0 to 15 */
  freshState(index: number): number {
    const state = this.wasm.stateArea(index);
    new Uint8Array(this.wasm.memory.buffer, state, CALIBRATOR_STATE_BYTES).fill(0);
    return state;
  }

  /** Steps of a key in order. @param alpha nominal share, Q30 */
  run(state: number, steps: Steps, alpha: number): StepResults {
    const count = steps.evidence.length;
    const flags = new Uint8Array(count);
    const thresholds = new Int16Array(count);
    const view = new DataView(this.wasm.memory.buffer, this.wasm.stepArea(), CHUNK * STEP_BYTES);
    for (let from = 0; from < count; from += CHUNK) {
      const length = Math.min(CHUNK, count - from);
      for (let i = 0; i < length; i++) {
        view.setInt32(STEP_BYTES * i, steps.evidence[from + i]!, true);
        view.setUint32(STEP_BYTES * i + 4, steps.client(from + i), true);
        view.setFloat64(STEP_BYTES * i + 8, steps.timeMs(from + i), true);
      }
      this.wasm.stepMany(state, length, alpha);
      for (let i = 0; i < length; i++) {
        flags[from + i] = view.getInt32(STEP_BYTES * i + 16, true);
        thresholds[from + i] = view.getInt32(STEP_BYTES * i + 20, true);
      }
    }
    return { flags, thresholds };
  }
}
