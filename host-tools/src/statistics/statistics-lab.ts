// Runs the filter's own statistics layer (build/statistics.lab.wasm) in Node: for tests and benches that
// must not trust the reference.

import type { RouteSignal } from "../contract";

interface LabExports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  area(index: number): number;
  streamBytes(): number;
  monitorBytes(): number;
  stepStream(stream: number, x: number, nowMs: number, dayMs: number): number;
  stepStreamForRecords(stream: number, x: number, nowMs: number, dayMs: number): number;
  stepTail(tail: number, value: number, guarded: number): number;
  stepRecord(record: number, evidenceQ8: number): number;
  harmonicEvidence(evidences: number, count: number): number;
  setWallClock(offsetMs: number): void;
  onArrival(state: number, nowMs: number, requestBytes: number, attempt: number): void;
  onFinish(state: number, nowMs: number, latencyMs: number, ttfbMs: number, status: number): void;
  monitorTick(state: number, nowMs: number): number;
  monitorEvidenceQ8(state: number): number;
  monitorTopSignal(state: number): number;
  monitorSignalQ8(state: number, signal: RouteSignal): number;
  watchArrival(state: number, nowMs: number, requestBytes: number, attempt: number): void;
  watchFinish(
    state: number,
    nowMs: number,
    latencyMs: number,
    ttfbMs: number,
    status: number,
  ): void;
  watchTick(state: number, nowMs: number): number;
  watchEvidenceQ8(state: number): number;
  watchTopSignal(state: number): number;
  repeatRequests(state: number, count: number, startMs: number, stepMs: number): number;
}

/** Blocks of state that the module has. */
export const LAB_BLOCKS = 64;
const BLOCK_BYTES = 4096;

export class StatisticsLab {
  readonly wasm: LabExports;

  private constructor(instance: WebAssembly.Instance) {
    this.wasm = instance.exports as unknown as LabExports;
    this.wasm._initialize();
  }

  /** @param module bytes of build/statistics.lab.wasm */
  static start(module: Uint8Array): StatisticsLab {
    const imports = {
      env: {
        abort: () => {
          throw new WebAssembly.RuntimeError("the statistics layer aborted");
        },
      },
    };
    return new StatisticsLab(new WebAssembly.Instance(new WebAssembly.Module(module), imports));
  }

  /** A block of state, zeroed. @param index in [0, LAB_BLOCKS) */
  fresh(index = 0): number {
    const state = this.wasm.area(index);
    this.bytes(state, BLOCK_BYTES).fill(0);
    return state;
  }

  /** A view of the module's memory. */
  bytes(pointer: number, count: number): Uint8Array {
    return new Uint8Array(this.wasm.memory.buffer, pointer, count);
  }
}
