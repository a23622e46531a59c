// One seeded upstream on one loopback port. node:http and nothing above it: it has to answer
// thousands of small requests a second on the same two cores as Envoy.
//
// A request with an `x-traffic-id` header draws from a stream of its own, made from seed, upstream
// and id: the same request then meets the same luck in two runs, whatever order they arrive in.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { seededPrng, type Prng } from "../../lib/prng";
import { callAt, type DueTimer } from "../due-timer";
import { faultsAt, type Fault, type FaultState } from "./fault-schedule";
import type { LatencyLaw, TokenCounts } from "./latency-law";
import { planReply, type ReplyPlan } from "./reply-plan";
import { streamTokens, tokenAnswerJson } from "./token-stream";

export interface UpstreamSpec {
  readonly name: string;
  readonly law: LatencyLaw;
  readonly faults?: readonly Fault[];
  /** Requests in service at once; the others wait in order. Default: no limit. */
  readonly slots?: number;
  /** Size of an answer without tokens. Default 16. */
  readonly bodyBytes?: number;
  /** Default 0: any free port. */
  readonly port?: number;
}

export interface UpstreamCounts {
  readonly requests: number;
  /** Answers by status; resets and black-holed requests have none. */
  readonly byStatus: Readonly<Record<string, number>>;
  readonly resets: number;
  readonly blackHoled: number;
  /** Ended by the client before the answer was complete. */
  readonly aborted: number;
  readonly inFlight: number;
  /** Requests in each second since start. */
  readonly perSecond: readonly number[];
}

const OUTPUT_TOKENS_DEFAULT = 32;

export class UpstreamServer {
  private spec: UpstreamSpec;
  private readonly server: Server;
  private body: Buffer;
  private prng: Prng;
  private startMs = NaN;
  private inService = 0;
  private readonly queue: (() => void)[] = [];
  private counts = emptyCounts();

  constructor(
    spec: UpstreamSpec,
    private seed: number,
  ) {
    this.spec = spec;
    this.prng = seededPrng(seed).fork(spec.name);
    this.body = Buffer.alloc(spec.bodyBytes ?? 16, "x");
    this.server = createServer((request, response) => this.take(request, response));
    this.server.keepAliveTimeout = 0;
    this.server.requestTimeout = 0;
    this.server.headersTimeout = 0;
  }

  /** Binds 127.0.0.1 and returns the port. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen({ port: this.spec.port ?? 0, host: "127.0.0.1", backlog: 4096 }, () => {
        resolve((this.server.address() as AddressInfo).port);
      });
    });
  }

  /** Time zero of the fault schedule; counts and randomness begin anew. */
  start(): void {
    this.startMs = performance.now();
    this.prng = seededPrng(this.seed).fork(this.spec.name);
    this.counts = { ...emptyCounts(), inFlight: this.counts.inFlight };
  }

  /** Changes law, faults, slots, body or seed; requests in flight keep what they were planned. */
  configure(change: Partial<Omit<UpstreamSpec, "name" | "port">> & { seed?: number }): void {
    const { seed, ...spec } = change;
    if (seed !== undefined) this.seed = seed;
    this.spec = { ...this.spec, ...spec };
    this.body = Buffer.alloc(this.spec.bodyBytes ?? 16, "x");
  }

  readCounts(): UpstreamCounts {
    const perSecond = Array.from(this.counts.perSecond, (count) => count ?? 0);
    return { ...this.counts, byStatus: { ...this.counts.byStatus }, perSecond };
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    this.counts.requests++;
    this.counts.inFlight++;
    const second = Math.floor((performance.now() - this.startMs) / 1000);
    if (second >= 0) this.counts.perSecond[second] = (this.counts.perSecond[second] ?? 0) + 1;
    const job = new Job(request, response);
    const serve = (): void => {
      this.inService++;
      job.inService = true;
      if (!job.closed) this.serve(job);
    };
    response.once("close", () => this.finish(job, serve));
    if (this.inService < (this.spec.slots ?? Infinity)) serve();
    else this.queue.push(serve);
  }

  private finish(job: Job, serve: () => void): void {
    job.closed = true;
    job.timer?.cancel();
    this.counts.inFlight--;
    if (!job.response.writableFinished && !job.reset) this.counts.aborted++;
    if (job.inService) {
      this.inService--;
      this.queue.shift()?.();
    } else {
      this.queue.splice(this.queue.indexOf(serve), 1);
    }
  }

  private serve(job: Job): void {
    const id = job.request.headers["x-traffic-id"];
    const prng =
      typeof id === "string" ? seededPrng(this.seed).fork(this.spec.name + id) : this.prng;
    const plan = planReply(this.spec.law, this.faultNow(), prng, job.tokens);
    if (plan.kind === "blackHole") this.counts.blackHoled++;
    else job.timer = callAt(performance.now() + plan.delayMs, () => this.reply(job, plan));
  }

  private reply(job: Job, plan: ReplyPlan): void {
    if (plan.kind === "reset") {
      this.counts.resets++;
      job.reset = true;
      job.request.socket.resetAndDestroy();
      return;
    }
    const { byStatus } = this.counts;
    byStatus[plan.status] = (byStatus[plan.status] ?? 0) + 1;
    const isTokens = plan.kind === "answer" && this.spec.law.kind === "llm";
    if (!isTokens) this.send(job, plan.status, "text/plain", this.body);
    else if (job.isStream) this.sendStream(job, plan);
    else this.sendTokenJson(job, plan);
  }

  private send(job: Job, status: number, type: string, body: Buffer | string): void {
    job.response.writeHead(status, [
      ...this.commonHeaders(job.request),
      "content-type",
      type,
      "content-length",
      String(Buffer.byteLength(body)),
    ]);
    job.response.end(body);
  }

  private sendStream(job: Job, plan: ReplyPlan): void {
    const headers = [...this.commonHeaders(job.request), "content-type", "text/event-stream"];
    job.response.writeHead(200, headers);
    job.timer = streamTokens(job.response, job.tokens, {
      nextTokenMs: () => plan.perTokenMs * tokenFactorOf(this.faultNow()),
      isStalled: () => this.faultNow().stallStream,
    });
  }

  private sendTokenJson(job: Job, plan: ReplyPlan): void {
    const decodeMs = plan.perTokenMs * job.tokens.output * tokenFactorOf(this.faultNow());
    job.timer = callAt(performance.now() + decodeMs, () => {
      this.send(job, 200, "application/json", tokenAnswerJson(job.tokens));
    });
  }

  /** Who answered, and each `x-ganglion-*` request header as `x-echo-x-ganglion-*`. */
  private commonHeaders(request: IncomingMessage): string[] {
    const headers = ["x-upstream", this.spec.name];
    const raw = request.rawHeaders;
    for (let i = 0; i < raw.length; i += 2) {
      const name = (raw[i] as string).toLowerCase();
      if (name.startsWith("x-ganglion-")) headers.push(`x-echo-${name}`, raw[i + 1] as string);
    }
    return headers;
  }

  private faultNow(): FaultState {
    return faultsAt(this.spec.faults ?? [], performance.now() - this.startMs);
  }
}

function tokenFactorOf({ latencyFactor, tokenFactor }: FaultState): number {
  return latencyFactor * tokenFactor;
}

/** One request being served. */
class Job {
  inService = false;
  closed = false;
  reset = false;
  timer: DueTimer | undefined;
  readonly tokens: TokenCounts;
  readonly isStream: boolean;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
  ) {
    const headers = request.headers;
    this.tokens = {
      prompt: countHeader(headers["x-tokens-prompt"], 0),
      output: countHeader(headers["x-tokens-output"], OUTPUT_TOKENS_DEFAULT),
    };
    this.isStream = headers.accept?.includes("text/event-stream") ?? false;
  }
}

function countHeader(value: string | string[] | undefined, fallback: number): number {
  const count = Number(value ?? fallback);
  return Number.isInteger(count) && count >= 0 ? Math.min(count, 100_000) : fallback;
}

function emptyCounts() {
  return {
    requests: 0,
    byStatus: {} as Record<string, number>,
    resets: 0,
    blackHoled: 0,
    aborted: 0,
    inFlight: 0,
    perSecond: [] as number[],
  };
}
