// Nanoseconds per score of the default model, SIMD beside scalar, in Node with the optimising compiler
// alone (as in Envoy, which has no baseline tier either). Many scores per crossing, interleaved rounds.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import v8 from "node:v8";
import { GanglionError } from "../host-tools/src/lib/errors";
import { seededPrng } from "../host-tools/src/lib/prng";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { median, rounded } from "./statistics";

const INPUTS = 16;
const WARM_UP = 50_000;

interface Lab {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  artifactArea(): number;
  vectorArea(): number;
  stateArea(index: number): number;
  validate(bytes: number): number;
  map(): void;
  repeat(state: number, count: number, simd: boolean): number;
}

function load(artifact: Uint8Array): Lab {
  const module = new WebAssembly.Module(readFileSync(resolve("build/model.lab.wasm")));
  const imports: Record<string, Record<string, () => void>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = () => {
      throw new GanglionError("E_KERNEL_FAULT", "the scorer aborted");
    };
  }
  const lab = new WebAssembly.Instance(module, imports).exports as unknown as Lab;
  lab._initialize();
  new Uint8Array(lab.memory.buffer).set(artifact, lab.artifactArea());
  const status = lab.validate(artifact.length);
  if (status !== 0) {
    throw new GanglionError("E_KERNEL_ARTIFACT", `the default artifact is refused: ${status}`, {
      hint: "Rebuild it with npm run train:default.",
    });
  }
  lab.map();
  return lab;
}

function measure(lab: Lab, simd: boolean, count: number): number {
  const startNs = process.hrtime.bigint();
  lab.repeat(lab.stateArea(simd ? 0 : 1), count, simd);
  return Number(process.hrtime.bigint() - startNs) / count;
}

async function run(options: BenchOptions): Promise<BenchResult> {
  // Before the first module is compiled: Envoy's V8 runs with the same flag.
  v8.setFlagsFromString("--no-liftoff");
  const artifact = readFileSync(resolve("wasmplugin/models/default.gngl"));
  const lab = load(artifact);
  const prng = seededPrng(options.seed);
  const vector = new Int16Array(lab.memory.buffer, lab.vectorArea(), INPUTS);
  for (let i = 0; i < INPUTS; i++) vector[i] = Math.round(prng.normal() * 4096);
  const rounds = options.quick ? 5 : 25;
  const count = options.quick ? 20_000 : 100_000;
  const simd: number[] = [];
  const scalar: number[] = [];
  measure(lab, true, WARM_UP);
  measure(lab, false, WARM_UP);
  for (let round = 0; round < rounds; round++) {
    simd.push(measure(lab, true, count));
    scalar.push(measure(lab, false, count));
  }
  options.say(`kernels: ${rounds} rounds of ${count} scores`);
  return {
    figures: {
      ns_per_score: rounded(median(simd), 0),
      ns_per_score_scalar: rounded(median(scalar), 0),
      simd_speedup: rounded(median(scalar) / median(simd), 2),
      artifact_bytes: artifact.length,
    },
  };
}

export const bench: Bench = {
  name: "kernels",
  summary: "time per score, SIMD and scalar",
  run,
};
