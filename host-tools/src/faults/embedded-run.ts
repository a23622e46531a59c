// Runs a scenario in the embedded host: the release .wasm under a virtual clock, arms as queues with the
// rig's laws. Hours of traffic in seconds, the same every time.

import { EmbeddedProxy } from "../embedded/embedded-proxy";
import { HeaderSet } from "../embedded/header-set";
import type { Stream } from "../embedded/stream";
import { checkWithFilter } from "../istio/filter-check";
import { EventQueue } from "../lib/event-queue";
import { seededPrng } from "../lib/prng";
import { readFilter } from "./filter-reading";
import { headerList } from "./request-headers";
import type { Scenario } from "./scenario";
import { SimulatedArm } from "./simulated-arm";
import { emptySuiteRun, noteReading, type SuiteRun } from "./suite-run";
import { refusingArm } from "./suite-routes";

export interface EmbeddedRunOptions {
  /** The release module. */
  readonly wasm: Uint8Array;
  /** Undefined runs the traffic without a filter: the baselines need none. */
  readonly pluginConfig: string | undefined;
  /** Default 1: what the filter learns is per worker. */
  readonly workers?: number;
}

/** @throws GanglionError E_FILTER_REFUSED */
export function runEmbeddedSuite(scenario: Scenario, options: EmbeddedRunOptions): SuiteRun {
  return new EmbeddedRun(scenario, options).run();
}

class EmbeddedRun {
  private readonly queue = new EventQueue();
  private readonly proxy: EmbeddedProxy | undefined;
  private readonly arms: readonly (readonly SimulatedArm[])[];
  private readonly refusing: Readonly<Record<401 | 404, SimulatedArm>>;
  private readonly result: SuiteRun;
  private readonly workers: number;
  private readonly answers = new Map<number, HeaderSet>();
  private nowNs = 0;

  constructor(
    private readonly scenario: Scenario,
    { wasm, pluginConfig, workers = 1 }: EmbeddedRunOptions,
  ) {
    const { seed, routes, armFaults } = scenario;
    this.workers = workers;
    if (pluginConfig !== undefined) {
      checkWithFilter(wasm, pluginConfig);
      this.proxy = new EmbeddedProxy({ wasm, workers, seed, rootId: "ganglion" });
      this.proxy.configure(pluginConfig);
    }
    this.arms = routes.map((route, r) =>
      route.arms.map((arm, a) => {
        return new SimulatedArm(arm, undefined, armFaults[r]![a]!, seed, this.queue);
      }),
    );
    const refuse = (status: 401 | 404) =>
      new SimulatedArm(refusingArm(status), status, [], seed, this.queue);
    this.refusing = { 401: refuse(401), 404: refuse(404) };
    this.result = emptySuiteRun(scenario);
  }

  run(): SuiteRun {
    const prng = seededPrng(this.scenario.seed).fork("worker");
    this.scenario.requests.forEach((request, i) => {
      this.runUntil(request.atMs);
      this.advanceTo(request.atMs);
      this.send(i, this.workers === 1 ? 0 : prng.below(this.workers));
    });
    this.runUntil(Number.MAX_VALUE);
    return this.result;
  }

  private runUntil(ms: number): void {
    for (let nextMs = this.queue.nextMs; nextMs <= ms; nextMs = this.queue.nextMs) {
      this.advanceTo(nextMs);
      this.queue.runNext();
    }
  }

  private advanceTo(ms: number): void {
    if (ms === Number.MAX_VALUE) return;
    const ns = Math.round(ms * 1e6);
    if (ns <= this.nowNs) return;
    this.proxy?.advance(ns - this.nowNs);
    this.nowNs = ns;
  }

  private send(i: number, worker: number): void {
    const { routes, requests } = this.scenario;
    const request = requests[i]!;
    const route = routes[request.route]!;
    const stream = this.filter(i, worker);
    const { atMs, promptTokens: prompt, outputTokens: output, answer } = request;
    const arm = answer === 0 ? this.arms[request.route]![request.arm]! : this.refusing[answer];
    const job = {
      id: i,
      tokens: { prompt, output },
      isStream: route.isStream && answer === 0,
      onFirstByte: (status: number) => this.answer(stream, i, status),
      onLastByte: () => {
        this.result.latencyMs[i] = this.nowNs / 1e6 - atMs;
        stream?.release();
      },
    };
    arm.take(job, atMs);
  }

  /** Through the filter, where there is one. */
  private filter(i: number, worker: number): Stream | undefined {
    if (this.proxy === undefined) return undefined;
    const request = this.scenario.requests[i]!;
    const route = this.scenario.routes[request.route]!;
    const headers = HeaderSet.compile("request", headerList(route, request));
    const stream = this.proxy.begin(worker, headers, request.contentBytes === 0);
    const reading = readFilter((name) => stream.request.get(name));
    noteReading(this.result, i, reading);
    return stream;
  }

  private answer(stream: Stream | undefined, i: number, status: number): void {
    this.result.status[i] = status;
    this.result.ttfbMs[i] = this.nowNs / 1e6 - this.scenario.requests[i]!.atMs;
    stream?.pushResponseHeaders(this.headersOf(status), false);
  }

  private headersOf(status: number): HeaderSet {
    let answer = this.answers.get(status);
    if (answer === undefined) {
      answer = HeaderSet.compile("response", [[":status", String(status)]]);
      this.answers.set(status, answer);
    }
    return answer;
  }
}
