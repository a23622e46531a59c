// What a witness may do while its Envoy runs: send requests, read counters, wait.

import type { EnvoyProcess } from "../../rig/envoy-process";
import { httpGet, type HttpOptions } from "../../rig/http-get";
import type { UpstreamCounts } from "../../rig/upstream/upstream-server";
import type { Upstreams } from "../../rig/upstream/upstreams";

/** The listener that every request of a witness enters by. */
export const ENTRY = "entry";

export interface SentRequest extends HttpOptions {
  /** Default `/`. */
  readonly path?: string;
}

/** What came back for a number of equal requests. */
export interface Answers {
  readonly byStatus: Readonly<Record<number, number>>;
  /** In the order of sending, milliseconds. */
  readonly elapsedMs: readonly number[];
  /** How many had this status; 0 is a connection that broke. */
  count(status: number): number;
}

export class Stage {
  constructor(
    private readonly envoy: EnvoyProcess,
    private readonly upstreams: Upstreams,
  ) {}

  /** One after the other, each over its own connection. */
  async send(count: number, request: SentRequest = {}): Promise<Answers> {
    const statuses: number[] = [];
    const elapsedMs: number[] = [];
    for (let i = 0; i < count; i++) {
      const startMs = performance.now();
      statuses.push(await this.sendOne(request));
      elapsedMs.push(performance.now() - startMs);
    }
    return answersOf(statuses, elapsedMs);
  }

  /** At a fixed rate, whether or not earlier ones have been answered. */
  async sendAtRate(rateHz: number, count: number, request: SentRequest = {}): Promise<Answers> {
    const beginMs = performance.now();
    const pending: Promise<{ status: number; elapsedMs: number }>[] = [];
    for (let i = 0; i < count; i++) {
      await this.wait(beginMs + (i * 1000) / rateHz - performance.now());
      const startMs = performance.now();
      pending.push(
        this.sendOne(request).then((status) => ({
          status,
          elapsedMs: performance.now() - startMs,
        })),
      );
    }
    const done = await Promise.all(pending);
    return answersOf(
      done.map(({ status }) => status),
      done.map(({ elapsedMs }) => elapsedMs),
    );
  }

  /** A counter or gauge of Envoy by its full name; 0 if there is none. */
  stat(name: string): Promise<number> {
    return this.envoy.admin.stat(name);
  }

  /** As `stat`, read again until it has stood still for 100 ms: workers report to the main thread. */
  async settledStat(name: string): Promise<number> {
    let value = await this.stat(name);
    for (;;) {
      await this.wait(100);
      const next = await this.stat(name);
      if (next === value) return value;
      value = next;
    }
  }

  /** As `upstream`, read again until it has stood still for 500 ms: copies and ends come later. */
  async settledUpstream(name: string): Promise<UpstreamCounts> {
    let counts = await this.upstream(name);
    for (;;) {
      await this.wait(500);
      const next = await this.upstream(name);
      if (next.requests === counts.requests && next.aborted === counts.aborted) return next;
      counts = next;
    }
  }

  async upstream(name: string): Promise<UpstreamCounts> {
    const counts = (await this.upstreams.counts())[name];
    if (counts === undefined) throw new Error(`no upstream ${name}`);
    return counts;
  }

  logLines(part: string): readonly string[] {
    return this.envoy.logLines(part);
  }

  async wait(ms: number): Promise<void> {
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** A connection that breaks instead of an answer counts as status 0. */
  private async sendOne({ path = "/", ...options }: SentRequest): Promise<number> {
    try {
      return (await httpGet(this.envoy.port(ENTRY), path, options)).status;
    } catch {
      return 0;
    }
  }
}

function answersOf(statuses: readonly number[], elapsedMs: readonly number[]): Answers {
  const byStatus: Record<number, number> = {};
  for (const status of statuses) byStatus[status] = (byStatus[status] ?? 0) + 1;
  return { byStatus, elapsedMs, count: (status) => byStatus[status] ?? 0 };
}
