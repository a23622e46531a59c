// The training kernels of build/trainer.wasm. The module's memory grows once, at the start; arrays
// are handed out from there and never given back: a training makes them all before its first step.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { GanglionError } from "../lib/errors";
import type { AttentionShape } from "./attention-reference";
import type { TrainingKernels } from "./kernels";

const MODULE = "trainer.wasm";
const PAGE_BYTES = 65_536;
/** Arrays begin at multiples of this: a cache line. */
const ALIGNMENT = 64;

interface Exports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  heapBase(): number;
  product(out: number, a: number, b: number, m: number, k: number, n: number, adds: number): void;
  productOfTransposed(out: number, a: number, b: number, k: number, m: number, n: number): void;
  transpose(out: number, a: number, m: number, n: number): void;
  addRow(a: number, row: number, m: number, n: number): void;
  addRowSums(out: number, a: number, m: number, n: number): void;
  addInto(out: number, a: number, n: number): void;
  lstmForward(...places: number[]): void;
  lstmBackward(...places: number[]): void;
  gruForward(...places: number[]): void;
  gruBackward(...places: number[]): void;
  attentionForward(...places: number[]): void;
  attentionBackward(...places: number[]): void;
  lossAndDerivative(...places: number[]): number;
  sumOfSquares(a: number, n: number): number;
  adamStep(...places: number[]): void;
}

/**
 * Place of the module: beside the bundle, or in the build folder of the checkout.
 * @throws GanglionError E_TRAINER_MODULE when it was not built
 */
export function trainerModulePath(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const places = [join(here, MODULE), join(here, "../../../build", MODULE)];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new GanglionError("E_TRAINER_MODULE", `the module ${MODULE} is not beside the tool`, {
    hint: "Run `npm run build`, or install the package again.",
  });
}

let compiled: WebAssembly.Module | undefined;

/** The module, compiled once per thread. */
function trainerModule(): WebAssembly.Module {
  return (compiled ??= new WebAssembly.Module(readFileSync(trainerModulePath())));
}

export class WasmKernels implements TrainingKernels {
  private readonly wasm: Exports;
  private next: number;

  /** @param floats room for the arrays of one training, in f32 */
  constructor(floats: number) {
    const instance = new WebAssembly.Instance(trainerModule(), {
      env: {
        abort: () => {
          throw new GanglionError("E_TRAINER_ABORT", "the training module aborted");
        },
      },
    });
    this.wasm = instance.exports as unknown as Exports;
    this.wasm._initialize();
    this.next = roundUp(this.wasm.heapBase(), ALIGNMENT);
    const { memory } = this.wasm;
    const missing = this.next + 4 * floats + ALIGNMENT - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  }

  allocate(length: number): Float32Array {
    return new Float32Array(this.wasm.memory.buffer, this.take(length), length);
  }

  allocateIntegers(length: number): Int32Array {
    return new Int32Array(this.wasm.memory.buffer, this.take(length), length);
  }

  private take(length: number): number {
    const at = this.next;
    this.next = roundUp(at + 4 * length, ALIGNMENT);
    if (this.next <= this.wasm.memory.buffer.byteLength) return at;
    throw new GanglionError(
      "E_TRAINER_MEMORY",
      `the training needs more than the ${this.wasm.memory.buffer.byteLength} bytes set aside`,
      { hint: "This is a defect of the tool: its estimate of the training's size is too low." },
    );
  }

  product(
    out: Float32Array,
    a: Float32Array,
    b: Float32Array,
    m: number,
    k: number,
    n: number,
    adds: boolean,
  ): void {
    this.wasm.product(out.byteOffset, a.byteOffset, b.byteOffset, m, k, n, adds ? 1 : 0);
  }

  productOfTransposed(
    out: Float32Array,
    a: Float32Array,
    b: Float32Array,
    k: number,
    m: number,
    n: number,
  ): void {
    this.wasm.productOfTransposed(out.byteOffset, a.byteOffset, b.byteOffset, k, m, n);
  }

  transpose(out: Float32Array, a: Float32Array, m: number, n: number): void {
    this.wasm.transpose(out.byteOffset, a.byteOffset, m, n);
  }

  addRow(a: Float32Array, row: Float32Array, m: number, n: number): void {
    this.wasm.addRow(a.byteOffset, row.byteOffset, m, n);
  }

  addRowSums(out: Float32Array, a: Float32Array, m: number, n: number): void {
    this.wasm.addRowSums(out.byteOffset, a.byteOffset, m, n);
  }

  addInto(out: Float32Array, a: Float32Array, n: number): void {
    this.wasm.addInto(out.byteOffset, a.byteOffset, n);
  }

  lstmForward(
    gates: Float32Array,
    before: Float32Array,
    cells: Float32Array,
    squashed: Float32Array,
    hidden: Float32Array,
    batch: number,
    units: number,
  ): void {
    const places = [gates, before, cells, squashed, hidden].map((array) => array.byteOffset);
    this.wasm.lstmForward(...places, batch, units);
  }

  lstmBackward(
    gates: Float32Array,
    before: Float32Array,
    squashed: Float32Array,
    dHidden: Float32Array,
    dCells: Float32Array,
    dGates: Float32Array,
    batch: number,
    units: number,
  ): void {
    const arrays = [gates, before, squashed, dHidden, dCells, dGates];
    this.wasm.lstmBackward(...arrays.map((array) => array.byteOffset), batch, units);
  }

  gruForward(
    fromInputs: Float32Array,
    fromHidden: Float32Array,
    before: Float32Array,
    tape: Float32Array,
    hidden: Float32Array,
    batch: number,
    units: number,
  ): void {
    const arrays = [fromInputs, fromHidden, before, tape, hidden];
    this.wasm.gruForward(...arrays.map((array) => array.byteOffset), batch, units);
  }

  gruBackward(
    tape: Float32Array,
    before: Float32Array,
    dHidden: Float32Array,
    dInputs: Float32Array,
    dRecurrent: Float32Array,
    batch: number,
    units: number,
  ): void {
    const arrays = [tape, before, dHidden, dInputs, dRecurrent];
    this.wasm.gruBackward(...arrays.map((array) => array.byteOffset), batch, units);
  }

  attentionForward(
    out: Float32Array,
    attended: Float32Array,
    bias: Float32Array,
    shares: Float32Array,
    { steps, windows, hidden, heads, ring }: AttentionShape,
  ): void {
    const places = [out, attended, bias, shares].map((array) => array.byteOffset);
    this.wasm.attentionForward(...places, steps, windows, hidden, heads, ring);
  }

  attentionBackward(
    dAttended: Float32Array,
    dBias: Float32Array,
    dOut: Float32Array,
    attended: Float32Array,
    shares: Float32Array,
    { steps, windows, hidden, heads, ring }: AttentionShape,
  ): void {
    const arrays = [dAttended, dBias, dOut, attended, shares];
    const places = arrays.map((array) => array.byteOffset);
    this.wasm.attentionBackward(...places, steps, windows, hidden, heads, ring);
  }

  lossAndDerivative(
    y: Float32Array,
    targets: Float32Array,
    d: Float32Array,
    kinds: Int32Array,
    levels: Float32Array,
    rows: number,
    columns: number,
    share: number,
  ): number {
    const places = [y, targets, d, kinds, levels].map((array) => array.byteOffset);
    return this.wasm.lossAndDerivative(...places, rows, columns, share);
  }

  sumOfSquares(a: Float32Array, n: number): number {
    return this.wasm.sumOfSquares(a.byteOffset, n);
  }

  adamStep(
    values: Float32Array,
    gradient: Float32Array,
    means: Float32Array,
    squares: Float32Array,
    n: number,
    rate: number,
    factor: number,
    meanFactor: number,
    squareFactor: number,
  ): void {
    const places = [values, gradient, means, squares].map((array) => array.byteOffset);
    this.wasm.adamStep(...places, n, rate, factor, meanFactor, squareFactor);
  }
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
