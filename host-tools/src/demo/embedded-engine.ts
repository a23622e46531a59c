// Runs the scenario in the embedded host: the release .wasm under a virtual clock, and upstreams as a
// queue and the rig's latency laws. Needs no Envoy and takes a second instead of the scenario's time. The
// same seed gives the same run, byte for byte.
//
// The two sides are two simulations that advance in step. Without the filter the balancer is Envoy's
// least request: two arms drawn at random, the one with fewer requests in hand.

import { EmbeddedProxy } from "../embedded/embedded-proxy";
import { HeaderSet, type Header } from "../embedded/header-set";
import type { Stream } from "../embedded/stream";
import { HEADER_ARM, HEADER_SCORE, HEADER_VERDICT } from "../contract";
import { readFilterModule } from "../lib/filter-module";
import { seededPrng, type Prng } from "../lib/prng";
import { emptyRun, type DemoRun } from "./demo-run";
import { tenantRequest } from "./demo-traffic";
import { WORKERS, type EngineInput, type EngineOutput } from "./envoy-engine";
import { EventQueue } from "../lib/event-queue";
import type { EndedRequests, Side } from "./progress";
import { faultsOf } from "./scenario";
import { SimulatedUpstream } from "./simulated-upstream";

const PROGRESS_MS = 250;
const OK = HeaderSet.compile("response", [[":status", "200"]]);

/** Where a request goes, and what becomes of it there. */
interface Choice {
  readonly arm: number;
  /** Called once, when the request is over. @param answered false when the client gave up */
  readonly end: (answered: boolean) => void;
}

/** A status and an end, or an arm. */
type Chooser = (i: number) => Choice | { readonly status: number };

/** @param onReady called before the first request */
export async function runEmbedded(
  input: EngineInput,
  onReady: () => void = () => {},
): Promise<EngineOutput> {
  const wasm = await readFilterModule();
  const withFilter = new Simulation("with", input, (one) => filtered(one, wasm));
  const without = new Simulation("without", input, leastRequest);
  const both = [withFilter, without];
  onReady();
  for (
    let untilMs = PROGRESS_MS;
    both.some((one) => one.nextMs < Infinity);
    untilMs += PROGRESS_MS
  ) {
    for (const one of both) one.advanceTo(untilMs);
    await new Promise((resolve) => setImmediate(resolve)); // the view's turn to draw
  }
  return { with: withFilter.outcome, without: without.outcome };
}

class Simulation {
  readonly queue = new EventQueue();
  readonly upstreams: readonly SimulatedUpstream[];
  readonly outcome: DemoRun;
  readonly prng: Prng;
  /** Tells what holds a clock of its own that time has moved. */
  onTime: (nowMs: number) => void = () => {};
  private readonly choose: Chooser;
  private next = 0;
  private ended: number[] = [];

  constructor(
    private readonly side: Side,
    readonly input: EngineInput,
    makeChooser: (simulation: Simulation) => Chooser,
  ) {
    const { scenario, traffic, seed } = input;
    this.outcome = emptyRun(traffic.columns.intendedMs, traffic.columns.template);
    this.prng = seededPrng(seed).fork(`demo-${side}`);
    this.upstreams = scenario.arms.map((arm) => {
      return new SimulatedUpstream(
        { ...arm, faults: faultsOf(scenario, arm.name) },
        seed,
        this.queue,
      );
    });
    this.choose = makeChooser(this);
  }

  /** When something happens next; Infinity when all is over. */
  get nextMs(): number {
    return Math.min(this.arrivalMs, this.queue.nextMs);
  }

  private get arrivalMs(): number {
    return this.input.traffic.columns.intendedMs[this.next] ?? Infinity;
  }

  /** Runs everything up to that moment and reports what ended. */
  advanceTo(untilMs: number): void {
    for (let nowMs = this.nextMs; nowMs <= untilMs; nowMs = this.nextMs) {
      this.onTime(nowMs);
      if (this.arrivalMs <= this.queue.nextMs) this.arrive(this.next++, nowMs);
      else this.queue.runNext();
    }
    this.onTime(untilMs);
    this.input.onProgress({ side: this.side, elapsedMs: untilMs, ended: this.takeEnded() });
  }

  private arrive(i: number, nowMs: number): void {
    const choice = this.choose(i);
    if ("status" in choice) return this.finish(i, choice.status, 0);
    const { timeoutMs } = this.input.scenario;
    const { columns } = this.input.traffic;
    const upstream = this.upstreams[choice.arm]!;
    const tokens = { prompt: columns.promptTokens[i]!, output: columns.outputTokens[i]! };
    const job = upstream.take(i, tokens, nowMs, (atMs) => {
      this.outcome.arm[i] = choice.arm;
      choice.end(true);
      giveUp.cancelled = true;
      this.finish(i, 200, atMs - nowMs);
    });
    const giveUp = this.queue.at(nowMs + timeoutMs, () => {
      upstream.abandon(job, nowMs + timeoutMs);
      choice.end(false);
      this.finish(i, -1, timeoutMs);
    });
  }

  private finish(i: number, status: number, latencyMs: number): void {
    this.outcome.status[i] = status;
    this.outcome.latencyMs[i] = latencyMs;
    this.ended.push(i);
  }

  private takeEnded(): EndedRequests {
    const ended = this.ended;
    this.ended = [];
    const { outcome } = this;
    const arms: Record<string, number> = {};
    const scores: Record<string, number> = {};
    for (const i of ended) {
      const arm = this.input.scenario.arms[outcome.arm[i]!]?.name ?? "";
      arms[arm] = (arms[arm] ?? 0) + 1;
      const score = outcome.scorePermille[i]! < 0 ? "" : String(outcome.scorePermille[i]!);
      scores[score] = (scores[score] ?? 0) + 1;
    }
    return {
      latencyMs: ended.map((i) => outcome.latencyMs[i]!),
      status: ended.map((i) => outcome.status[i]!),
      tenant: ended.map((i) => outcome.tenant[i]!),
      arms,
      scores,
    };
  }
}

/** Envoy's: of two drawn, the one with fewer requests in hand; the first where they are equal. */
function leastRequest({ upstreams, prng }: Simulation): Chooser {
  return () => {
    const a = prng.below(upstreams.length);
    const b = prng.below(upstreams.length);
    const arm = upstreams[b]!.inHand < upstreams[a]!.inHand ? b : a;
    return { arm, end: () => {} };
  };
}

/** The filter decides: its answer, or the arm that its header names. */
function filtered(simulation: Simulation, wasm: Uint8Array): Chooser {
  const { input, outcome, prng } = simulation;
  const { scenario, configuration, traffic } = input;
  const proxy = new EmbeddedProxy({ wasm, workers: WORKERS, seed: input.seed, rootId: "ganglion" });
  proxy.configure(configuration.pluginConfig);
  let proxyNs = 0;
  simulation.onTime = (nowMs) => {
    const nowNs = Math.round(nowMs * 1e6);
    if (nowNs > proxyNs) proxy.advance(nowNs - proxyNs);
    proxyNs = Math.max(proxyNs, nowNs);
  };
  const names = scenario.arms.map((arm) => arm.name);
  const lists = scenario.tenants.map((tenant) => requestHeaders(tenantRequest(tenant)));
  return (i) => {
    const { template, promptTokens, outputTokens } = traffic.columns;
    const headers: Header[] = [
      ...lists[template[i]!]!,
      ["x-traffic-id", String(i)],
      ["x-tokens-prompt", String(promptTokens[i]!)],
      ["x-tokens-output", String(outputTokens[i]!)],
    ];
    const stream = proxy.begin(prng.below(WORKERS), HeaderSet.compile("request", headers), true);
    if (stream.reply !== null) {
      const { code } = stream.reply;
      stream.release();
      return { status: code };
    }
    const arm = Math.max(0, names.indexOf(stream.request.get(HEADER_ARM) ?? names[0]!));
    outcome.scorePermille[i] = Number(stream.request.get(HEADER_SCORE) ?? -1);
    outcome.tagged[i] = stream.request.get(HEADER_VERDICT) === undefined ? 0 : 1;
    return { arm, end: (answered) => endStream(stream, answered) };
  };
}

function endStream(stream: Stream, answered: boolean): void {
  if (answered) stream.pushResponseHeaders(OK, true);
  else stream.reset();
  stream.release();
}

function requestHeaders(request: ReturnType<typeof tenantRequest>): Header[] {
  const pseudo: Header[] = [
    [":method", request.method],
    [":path", request.path],
    [":scheme", "http"],
  ];
  return [...pseudo, ...Object.entries(request.headers)];
}
