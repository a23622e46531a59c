// What a model's step costs in a real Envoy: one process, one listener per model, a filter that runs
// the step many times per request, rounds in random order, the process's own CPU time. The listener
// whose filter runs no step is what the others are compared with.

import { type Prng, seededPrng } from "../../host-tools/src/lib/prng";
import {
  type EnvoyProcess,
  type HttpFilter,
  type ListenerSpec,
  type LoadGenerator,
  buildBootstrap,
  findEnvoy,
  startEnvoy,
  startLoadGenerator,
  wasmFilter,
} from "../../host-tools/src/rig/index";
import type { BenchOptions } from "../bench";
import { buildModelSteps } from "../modules/build";
import { median } from "../statistics";
import type { KernelVariant } from "./kernel-variants";

/** So many that a request's own cost and its noise are small beside them. */
const STEPS = 64;
const BASELINE = "no_step";

interface Session {
  readonly envoy: EnvoyProcess;
  readonly load: LoadGenerator;
  readonly requests: number;
}

/** @returns nanoseconds per step by name of the variant */
export async function stepNsInEnvoy(
  variants: readonly KernelVariant[],
  options: BenchOptions,
): Promise<Map<string, number>> {
  const wasmPath = await buildModelSteps();
  const first = variants[0];
  if (first === undefined) return new Map();
  const filter = (name: string, steps: number, bytes: Uint8Array): HttpFilter =>
    wasmFilter({
      name,
      rootId: name,
      vmId: name,
      wasmPath,
      configurationJson: `${steps} ${Buffer.from(bytes).toString("base64")}`,
    });
  const listeners = [
    listener(BASELINE, filter(BASELINE, 0, first.bytes)),
    ...variants.map(({ name, bytes }) => listener(name, filter(name, STEPS, bytes))),
  ];
  const found = await findEnvoy({ install: true, onProgress: options.say });
  const bootstrap = buildBootstrap({ listeners });
  const envoy = await startEnvoy({ binary: found.path, bootstrap, concurrency: 1 });
  const load = await startLoadGenerator();
  try {
    const session = { envoy, load, requests: options.quick ? 300 : 1500 };
    return await compare(session, [BASELINE, ...variants.map(({ name }) => name)], options);
  } finally {
    await load.stop();
    await envoy.stop();
  }
}

function listener(name: string, filter: HttpFilter): ListenerSpec {
  const routes = [{ name: "default", directResponse: { status: 200, body: "ok" } }];
  return { name, port: 0, httpFilters: [filter], routes };
}

async function compare(
  session: Session,
  names: readonly string[],
  options: BenchOptions,
): Promise<Map<string, number>> {
  const rounds = options.quick ? 3 : 11;
  const random = seededPrng(options.seed).fork("rounds");
  const samples = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const name of shuffled(names, random)) {
      const us = await cpuUsPerRequest(session, name);
      // The first round warms connections and caches.
      if (round >= 0) samples.get(name)!.push(us);
    }
  }
  options.say(`kernels in Envoy: ${rounds} rounds of ${session.requests} requests, ${STEPS} steps`);
  const none = samples.get(BASELINE)!;
  const added = (list: readonly number[]) => median(list.map((us, i) => us - none[i]!));
  return new Map(
    names
      .filter((name) => name !== BASELINE)
      .map((name) => [name, (1000 * added(samples.get(name)!)) / STEPS]),
  );
}

function shuffled<T>(items: readonly T[], random: Prng): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}

async function cpuUsPerRequest(session: Session, name: string): Promise<number> {
  const before = session.envoy.cpuTimeUs();
  const result = await session.load.closedLoop({
    target: { port: session.envoy.port(name) },
    request: { tag: name, path: "/" },
    connections: 8,
    requests: session.requests,
  });
  const failed = result.failed + result.requests - (result.byStatus["200"] ?? 0);
  if (failed > 0) throw new Error(`${name}: ${failed} of ${result.requests} requests failed`);
  return (session.envoy.cpuTimeUs() - before) / result.requests;
}
