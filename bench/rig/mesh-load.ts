// Load on every proxy of a mesh at once, from one generator each, until it is stopped; and what can
// be said of it afterwards: which requests failed, and when new weights reached the first request.

import { seededPrng } from "../../host-tools/src/lib/prng";
import { LoadStatus, poissonArrivals, type LoadResult } from "../../host-tools/src/rig";
import { type FilteredMesh, MODEL_HEADER } from "./filtered-mesh";
import { PushClock } from "./push-clock";

/** Longer than any run; `stop` ends it. */
const RUN_MS_MAX = 15 * 60_000;

export class MeshLoad {
  private constructor(
    private readonly mesh: FilteredMesh,
    private readonly clocks: readonly PushClock[],
    private readonly running: readonly Promise<LoadResult>[],
  ) {}

  /** @param ratePerS requests per second on all proxies together */
  static async start(mesh: FilteredMesh, ratePerS: number, seed: number): Promise<MeshLoad> {
    const clocks = mesh.generators.map(() => new PushClock());
    const running = mesh.generators.map((generator, i) => {
      const random = seededPrng(seed).fork(`load ${i}`);
      const rate = ratePerS / mesh.generators.length;
      const plan = {
        target: { port: mesh.port, host: mesh.proxies[i]!.ip },
        templates: [{ tag: "chat", path: "/chat" }],
        intendedMs: poissonArrivals(rate, RUN_MS_MAX, random),
        captureHeaders: [MODEL_HEADER],
        progressEveryMs: 50,
      };
      return generator.openLoop(plan, ({ elapsedMs }) => clocks[i]!.note(elapsedMs));
    });
    const load = new MeshLoad(mesh, clocks, running);
    await Promise.all(clocks.map((clock) => clock.until(500)));
    return load;
  }

  /** Ends the load and waits for its results, one per proxy. */
  async stop(): Promise<MeshLoadResult> {
    await Promise.all(this.mesh.generators.map((generator) => generator.stopRun()));
    return new MeshLoadResult(await Promise.all(this.running), this.clocks);
  }
}

export class MeshLoadResult {
  constructor(
    readonly results: readonly LoadResult[],
    private readonly clocks: readonly PushClock[],
  ) {}

  get requests(): number {
    return this.count((status) => status !== LoadStatus.notRun);
  }

  /** Requests whose answer was not 200, or that got none. */
  get failed(): number {
    return this.count((status) => status !== LoadStatus.notRun && status !== 200);
  }

  /** Requests that passed without having met the filter's model. */
  get unfiltered(): number {
    return this.results
      .map(
        (result) =>
          result.status.filter((status, i) => status === 200 && modelOf(result, i) === 0).length,
      )
      .reduce((a, b) => a + b, 0);
  }

  /** Statuses other than 200, with their counts. */
  get failures(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { status } of this.results) {
      for (const one of status) {
        if (one !== 200 && one !== LoadStatus.notRun) counts[one] = (counts[one] ?? 0) + 1;
      }
    }
    return counts;
  }

  /**
   * From a moment of this process to the first request with that model and after which none met an
   * older one, in the proxy that was last.
   */
  propagationMs(version: number, sinceMs: number): number {
    return Math.max(
      ...this.results.map((result, i) => {
        const atMs = this.clocks[i]!.runMs(sinceMs);
        return firstWithMs(result, version, atMs) - atMs;
      }),
    );
  }

  private count(matches: (status: number) => boolean): number {
    return this.results
      .map(({ status }) => status.filter(matches).length)
      .reduce((a, b) => a + b, 0);
  }
}

function firstWithMs(result: LoadResult, version: number, atMs: number): number {
  let lastOlderMs = atMs;
  let firstMs = Infinity;
  for (let i = 0; i < result.status.length; i++) {
    const model = modelOf(result, i);
    const sentMs = (result.intendedMs[i] as number) + (result.lagMs[i] as number);
    if (model > 0 && model < version && sentMs > lastOlderMs) {
      lastOlderMs = sentMs;
      firstMs = Infinity;
    } else if (model >= version && sentMs >= lastOlderMs) firstMs = Math.min(firstMs, sentMs);
  }
  return firstMs;
}

function modelOf(result: LoadResult, i: number): number {
  const header = result.captured[MODEL_HEADER];
  return Number(header?.values[header.index[i] as number] ?? 0);
}
