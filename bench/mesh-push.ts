// New weights through a real control plane: the image in a registry, the object in an API server,
// istiod, two istio-agents with Envoy, 300 requests/s over both proxies. 20 models, one every 1.5 s,
// each by the tool's own push: image fetched, configuration tried, history written, one server-side
// apply, and then waited for until every VM of every proxy says that it runs it.
//
// `failed_requests` counts every request of the run whose answer was not 200, `not_effective` every
// push that the tool did not find effective. `propagation_ms` is from just before the apply to the
// first request with the new weights after which none met older ones, in the slower of the two
// proxies: an upper bound, as 7 ms lie between two requests of one proxy. `tool_ms` is from the
// push's start to the tool's word that it acts.

import { readShippedModel } from "../host-tools/src/lib/shipped-model";
import { withModel } from "../host-tools/src/config/plugin-config";
import { seededPrng } from "../host-tools/src/lib/prng";
import { pushPlan } from "../host-tools/src/weights/plans";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { chatConfig, FilteredMesh, MODEL_HEADER } from "./rig/filtered-mesh";
import { MeshLoad, type MeshLoadResult } from "./rig/mesh-load";
import { push } from "./rig/mesh-pusher";
import { modelVariant } from "./rig/model-variants";

const PROXIES = 2;
const RATE_HZ = 300;
const PUSHES = 20;
const PUSH_EVERY_MS = 1500;
const FIRST_VERSION = 1001;
const EFFECT_WITHIN_MS = 20_000;
const FIRST_FILTERED_WITHIN_MS = 30_000;

interface Pushed {
  readonly version: number;
  readonly epoch: number;
  /** Of this process, just before the apply. */
  readonly appliedMs: number;
  readonly toolMs: number;
  readonly effective: boolean;
}

async function run(options: BenchOptions): Promise<BenchResult> {
  const { say, seed } = options;
  const mesh = await FilteredMesh.start({ seed, proxies: PROXIES, say });
  try {
    const base = await readShippedModel();
    const random = seededPrng(seed).fork("mesh-push");
    const pushes = options.quick ? 4 : PUSHES;
    const models = Array.from({ length: pushes }, (_, k) =>
      modelVariant(base, FIRST_VERSION + k, random.fork(`model ${k}`)),
    );
    const imageStartMs = performance.now();
    const image = await mesh.pushImage();
    const imageMs = performance.now() - imageStartMs;
    const firstFilteredMs = await applyAndAwaitFilter(mesh, image, base);
    say(
      `image in ${imageMs.toFixed(0)} ms, first request filtered ${firstFilteredMs.toFixed(0)} ms`,
    );
    const load = await MeshLoad.start(mesh, RATE_HZ, seed);
    const pushed: Pushed[] = [];
    for (const [k, artifact] of models.entries()) {
      const startedMs = performance.now();
      pushed.push(await pushOne(mesh, artifact, FIRST_VERSION + k, seed));
      const { epoch, toolMs, effective } = pushed.at(-1)!;
      say(
        `epoch ${epoch}: ${effective ? "effective" : "NOT EFFECTIVE"} in ${toolMs.toFixed(0)} ms`,
      );
      await pause(startedMs + PUSH_EVERY_MS - performance.now());
    }
    return report(options, await load.stop(), pushed, { imageMs, firstFilteredMs });
  } finally {
    await mesh.stop();
  }
}

/** From the apply of the object to the first answer that has met the filter, in every proxy. */
async function applyAndAwaitFilter(
  mesh: FilteredMesh,
  image: string,
  base: Uint8Array,
): Promise<number> {
  const startedMs = performance.now();
  await mesh.cluster.apply({ ...mesh.object(image, withModel(chatConfig(1), base)) });
  for (const proxy of mesh.proxies) {
    for (;;) {
      const { headers } = await proxy.get(mesh.port, "/chat");
      if (Number(headers[MODEL_HEADER] ?? 0) > 0) break;
      if (performance.now() - startedMs > FIRST_FILTERED_WITHIN_MS) {
        throw new Error(`${proxy.name} does not run the filter`);
      }
      await pause(10);
    }
  }
  return performance.now() - startedMs;
}

async function pushOne(
  mesh: FilteredMesh,
  artifact: Uint8Array,
  version: number,
  seed: number,
): Promise<Pushed> {
  const startedMs = performance.now();
  let appliedMs = startedMs;
  const outcome = await push(mesh.cluster, pushPlan({ artifact }), {
    seed,
    waitMs: EFFECT_WITHIN_MS,
    // The object was applied by another manager; epoch and model are taken over with the first push.
    forceConflicts: version === FIRST_VERSION,
    onStep: (step) => {
      if (step === "apply") appliedMs = performance.now();
    },
  });
  const { epoch } = outcome.changed.generation;
  const effective = outcome.result === "effective";
  return { version, epoch, appliedMs, toolMs: performance.now() - startedMs, effective };
}

function report(
  { seed }: BenchOptions,
  load: MeshLoadResult,
  pushed: readonly Pushed[],
  first: { readonly imageMs: number; readonly firstFilteredMs: number },
): BenchResult {
  const sorted = (values: number[]): number[] => values.sort((a, b) => a - b);
  const ms = sorted(pushed.map((one) => load.propagationMs(one.version, one.appliedMs)));
  const toolMs = sorted(pushed.map((one) => one.toolMs));
  return {
    figures: {
      bench: "mesh-push",
      seed,
      proxies: PROXIES,
      requests: load.requests,
      pushes: pushed.length,
      failed_requests: load.failed,
      unfiltered_requests: load.unfiltered,
      not_effective: pushed.filter(({ effective }) => !effective).length,
      propagation_ms_p50: round(median(ms)),
      propagation_ms_max: round(ms.at(-1)!),
      tool_ms_p50: round(median(toolMs)),
      tool_ms_max: round(toolMs.at(-1)!),
      image_push_ms: round(first.imageMs),
      first_filtered_ms: round(first.firstFilteredMs),
    },
  };
}

const median = (ascending: readonly number[]): number =>
  ascending[Math.floor(ascending.length / 2)]!;
const round = (value: number): number => Number(value.toFixed(1));
const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

export const bench: Bench = {
  name: "mesh-push",
  summary: "failed requests and propagation of 20 new models through a real control plane",
  run,
};
