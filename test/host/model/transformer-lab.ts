// The Transformer's laboratory module for tests; `npm run build` makes it.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";

interface TransformerLab {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  fits(): number;
  sectionArea(): number;
  stateArea(index: number): number;
  vectorArea(): number;
  bytesOf(available: number, inputs: number, hidden: number): number;
  validate(inputs: number, hidden: number): number;
  map(inputs: number, hidden: number): void;
  stepSimd(state: number): void;
  stepScalar(state: number): void;
  repeat(state: number, count: number, simd: number): void;
  exp2Q14(x: number): number;
  normSimd(out: number, r: number, hidden: number): void;
  normScalar(out: number, r: number, hidden: number): void;
}

export type { TransformerLab };

export function startTransformerLab(): TransformerLab {
  const module = new WebAssembly.Module(readFileSync(resolve("build/transformer.lab.wasm")));
  const lab = new WebAssembly.Instance(module, {}).exports as unknown as TransformerLab;
  lab._initialize();
  return lab;
}
