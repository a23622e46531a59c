// Nanoseconds per score: of the default model, SIMD beside scalar, and of every architecture in three
// sizes; in Node with the optimising compiler alone (as in Envoy, which has no baseline tier either),
// and in a real Envoy. Many scores per crossing, interleaved rounds.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import v8 from "node:v8";
import { FEATURES, artifactStatusName } from "../host-tools/src/contract";
import { GanglionError } from "../host-tools/src/lib/errors";
import { seededPrng } from "../host-tools/src/lib/prng";
import { ModelLab } from "../host-tools/src/model/model-lab";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { type KernelVariant, kernelVariants } from "./rig/kernel-variants";
import { stepNsInEnvoy } from "./rig/kernels-in-envoy";
import { median, rounded } from "./statistics";

const WARM_UP = 50_000;

/** A module of its own for every model: what is measured is one model, not a switch between them. */
function load(module: Uint8Array, artifact: Uint8Array, seed: number): ModelLab {
  const lab = ModelLab.start(module);
  const status = lab.loadAny(artifact);
  if (status !== 0) {
    const name = artifactStatusName(status);
    throw new GanglionError("E_KERNEL_ARTIFACT", `the artifact is refused: ${name}`, {
      hint: "Rebuild the default with npm run train:default.",
    });
  }
  const random = seededPrng(seed);
  lab.setQuantised(Int16Array.from({ length: FEATURES }, () => Math.round(random.normal() * 4096)));
  return lab;
}

/** @returns nanoseconds of processor time per score: a shared machine's clock also counts waiting */
function measure(lab: ModelLab, simd: boolean, count: number): number {
  const state = lab.wasm.stateArea(simd ? 0 : 1);
  const start = process.cpuUsage();
  lab.wasm.repeat(state, count, simd ? 1 : 0);
  const { user, system } = process.cpuUsage(start);
  return (1000 * (user + system)) / count;
}

interface Timed {
  readonly name: string;
  readonly lab: ModelLab;
  readonly simd: boolean;
  readonly samples: number[];
}

function timeInNode(
  artifact: Uint8Array,
  variants: readonly KernelVariant[],
  options: BenchOptions,
): Map<string, number> {
  const module = readFileSync(resolve("build/model.lab.wasm"));
  const own = load(module, artifact, options.seed);
  const timed: Timed[] = [
    { name: "default", lab: own, simd: true, samples: [] },
    { name: "default_scalar", lab: own, simd: false, samples: [] },
    ...variants.map(({ name, bytes }) => {
      const lab = load(module, bytes, options.seed);
      return { name, lab, simd: true, samples: [] };
    }),
  ];
  for (const { lab, simd } of timed) measure(lab, simd, WARM_UP);
  const rounds = options.quick ? 5 : 25;
  const count = options.quick ? 10_000 : 40_000;
  for (let round = 0; round < rounds; round++) {
    for (const { lab, simd, samples } of timed) samples.push(measure(lab, simd, count));
  }
  options.say(`kernels: ${rounds} rounds of ${count} scores`);
  return new Map(timed.map(({ name, samples }) => [name, median(samples)]));
}

async function run(options: BenchOptions): Promise<BenchResult> {
  // Before the first module is compiled: Envoy's V8 runs with the same flag.
  v8.setFlagsFromString("--no-liftoff");
  const artifact = readFileSync(resolve("wasmplugin/models/default.gngl"));
  const variants = kernelVariants(options.seed);
  const inNode = timeInNode(artifact, variants, options);
  const own: KernelVariant = { name: "default", bytes: artifact, parameters: 0 };
  const inEnvoy = await stepNsInEnvoy([own, ...variants], options);
  const ns = (times: ReadonlyMap<string, number>, name: string) =>
    rounded(times.get(name) ?? Number.NaN, 0);
  const figures: Record<string, number> = {
    ns_per_score: ns(inNode, "default"),
    ns_per_score_envoy: ns(inEnvoy, "default"),
    ns_per_score_scalar: ns(inNode, "default_scalar"),
    simd_speedup: rounded(inNode.get("default_scalar")! / inNode.get("default")!, 2),
    artifact_bytes: artifact.length,
  };
  const table = [["model", "parameters", "bytes", "ns in Node", "ns in Envoy"]];
  table.push([
    "default",
    "",
    `${artifact.length}`,
    `${ns(inNode, "default")}`,
    `${ns(inEnvoy, "default")}`,
  ]);
  for (const { name, parameters, bytes } of variants) {
    figures[`${name}_ns`] = ns(inNode, name);
    figures[`${name}_envoy_ns`] = ns(inEnvoy, name);
    figures[`${name}_parameters`] = parameters;
    const times = [ns(inNode, name), ns(inEnvoy, name)].map(String);
    table.push([name, String(parameters), String(bytes.length), ...times]);
  }
  return { figures, table };
}

export const bench: Bench = {
  name: "kernels",
  summary: "time per score by architecture and size, in Node and in Envoy",
  run,
};
