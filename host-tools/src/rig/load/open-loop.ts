// The open-loop generator: each request starts at its intended time whatever the others do, and its
// latency counts from that time. A closed loop, which waits for an answer before it sends the next
// request, sends least when the system is slowest and so leaves the worst moments out of its
// figures (coordinated omission).

import { ConnectionPool } from "./connection-pool";
import type { HttpConnection } from "./http-connection";
import { checkPlan, EncodedTemplate, type LoadPlan } from "./load-plan";
import { HeaderColumn, LoadStatus, type LoadProgress, type LoadResult } from "./load-result";

const SWEEP_MS = 25;
const PENDING = -3;

export class OpenLoopRun {
  private readonly count: number;
  private readonly templates: EncodedTemplate[];
  private readonly template: Uint16Array;
  private readonly latencyMs: Float32Array;
  private readonly ttfbMs: Float32Array;
  private readonly lagMs: Float32Array;
  private readonly status: Int16Array;
  private readonly columns: [string, HeaderColumn][];
  private readonly pool: ConnectionPool;
  private readonly carrier = new Map<number, HttpConnection>();
  private readonly waiting: number[] = [];
  private windowRequests: number[] = [];
  private startMs = 0;
  private lastDoneMs = 0;
  private next = 0;
  private sent = 0;
  private oldest = 0;
  private completed = 0;
  private isStopped = false;
  private finish: () => void = () => {};

  /** @throws GanglionError E_LOAD_PLAN */
  constructor(
    private readonly plan: LoadPlan,
    private readonly onProgress: (progress: LoadProgress) => void = () => {},
  ) {
    checkPlan(plan);
    this.count = plan.intendedMs.length;
    this.templates = plan.templates.map((each) => new EncodedTemplate(each, plan.target));
    this.template = plan.template ?? new Uint16Array(this.count);
    this.latencyMs = new Float32Array(this.count).fill(NaN);
    this.ttfbMs = new Float32Array(this.count).fill(NaN);
    this.lagMs = new Float32Array(this.count).fill(NaN);
    this.status = new Int16Array(this.count).fill(PENDING);
    const headers = plan.captureHeaders ?? ["x-upstream"];
    this.columns = headers.map((name) => [name, new HeaderColumn(this.count)]);
    this.pool = new ConnectionPool(plan.target, plan.connectionsMax ?? 512, {
      onResponse: (connection) => this.onResponse(connection),
      onFailure: (connection) => this.onFailure(connection),
    });
  }

  /** Resolves when every request has an answer, an error or a timeout. */
  async run(): Promise<LoadResult> {
    this.startMs = performance.now();
    const sweep = setInterval(() => this.sweepTimeouts(), SWEEP_MS);
    const progress = setInterval(() => this.report(), this.plan.progressEveryMs ?? 250);
    await new Promise<void>((resolve) => {
      this.finish = resolve;
      if (this.count === 0 || this.isStopped) resolve();
      else this.pump();
    });
    clearInterval(sweep);
    clearInterval(progress);
    this.report();
    this.pool.closeAll();
    return this.result();
  }

  /** Ends the run now; what has no answer yet is recorded as not run. */
  stop(): void {
    this.isStopped = true;
    this.finish();
  }

  private pump(): void {
    if (this.isStopped) return;
    const nowMs = this.elapsedMs();
    const { intendedMs } = this.plan;
    while (this.next < this.count && (intendedMs[this.next] as number) <= nowMs) {
      this.dispatch(this.next++);
    }
    if (this.next >= this.count) return;
    const leftMs = (intendedMs[this.next] as number) - this.elapsedMs();
    if (leftMs <= 0 || (this.plan.isPrecise && leftMs < 1.2)) setImmediate(() => this.pump());
    else if (this.plan.isPrecise) setTimeout(() => this.pump(), Math.max(1, leftMs - 1.2));
    else setTimeout(() => this.pump(), Math.max(1, Math.floor(leftMs)));
  }

  private dispatch(request: number): void {
    const connection = this.waiting.length > 0 ? undefined : this.pool.take();
    if (connection) this.send(connection, request);
    else this.waiting.push(request);
  }

  private send(connection: HttpConnection, request: number): void {
    const encoded = this.templates[this.template[request] as number] as EncodedTemplate;
    this.lagMs[request] = this.elapsedMs() - (this.plan.intendedMs[request] as number);
    this.carrier.set(request, connection);
    this.sent++;
    connection.send(request, encoded.method, encoded.encode(this.ownHeaders(request)));
  }

  private ownHeaders(request: number): string {
    const { promptTokens, outputTokens, sendsTrafficId = true } = this.plan;
    let lines = sendsTrafficId ? `x-traffic-id: ${request}\r\n` : "";
    if (promptTokens) lines += `x-tokens-prompt: ${promptTokens[request]}\r\n`;
    if (outputTokens) lines += `x-tokens-output: ${outputTokens[request]}\r\n`;
    return lines;
  }

  private onResponse(connection: HttpConnection): void {
    const { request, parser } = connection;
    const intendedMs = this.plan.intendedMs[request] as number;
    const firstByteMs = connection.firstByteMs || performance.now();
    this.ttfbMs[request] = firstByteMs - this.startMs - intendedMs;
    this.latencyMs[request] = this.elapsedMs() - intendedMs;
    for (const [name, column] of this.columns) {
      const value = parser.header(name);
      if (value !== undefined) column.set(request, value);
    }
    this.pool.release(connection);
    this.done(request, parser.status);
    this.sendWaiting();
  }

  private onFailure(connection: HttpConnection): void {
    this.done(connection.request, LoadStatus.failed);
    this.sendWaiting();
  }

  private sendWaiting(): void {
    while (this.waiting.length > 0 && !this.isStopped) {
      const connection = this.pool.take();
      if (!connection) return;
      this.send(connection, this.waiting.shift() as number);
    }
  }

  private done(request: number, status: number): void {
    this.carrier.delete(request);
    this.status[request] = status;
    this.windowRequests.push(request);
    this.lastDoneMs = this.elapsedMs();
    this.completed++;
    if (this.completed === this.count) this.finish();
  }

  /** Deadlines ascend with the index, so one walk from the oldest open request finds all. */
  private sweepTimeouts(): void {
    const timeoutMs = this.plan.timeoutMs ?? 30_000;
    const latestMs = this.elapsedMs() - timeoutMs;
    while (this.oldest < this.next && this.status[this.oldest] !== PENDING) this.oldest++;
    for (let i = this.oldest; i < this.next; i++) {
      if ((this.plan.intendedMs[i] as number) > latestMs) break;
      if (this.status[i] === PENDING) this.timeOut(i, timeoutMs);
    }
    this.sendWaiting();
  }

  private timeOut(request: number, timeoutMs: number): void {
    const connection = this.carrier.get(request);
    if (connection) this.pool.discard(connection);
    else this.waiting.splice(this.waiting.indexOf(request), 1);
    this.latencyMs[request] = timeoutMs;
    this.done(request, LoadStatus.timedOut);
  }

  private report(): void {
    const requests = this.windowRequests;
    this.windowRequests = [];
    const captured: Record<string, Record<string, number>> = {};
    for (const [name, column] of this.columns) {
      const counts: Record<string, number> = (captured[name] = {});
      for (const request of requests) {
        const value = column.valueOf(request);
        counts[value] = (counts[value] ?? 0) + 1;
      }
    }
    this.onProgress({
      elapsedMs: this.elapsedMs(),
      planned: this.count,
      sent: this.sent,
      completed: this.completed,
      window: {
        latencyMs: Float32Array.from(requests, (i) => this.latencyMs[i] as number),
        status: Int16Array.from(requests, (i) => this.status[i] as number),
        template: Uint16Array.from(requests, (i) => this.template[i] as number),
        captured,
      },
    });
  }

  private result(): LoadResult {
    const status = this.status.map((each) => (each === PENDING ? LoadStatus.notRun : each));
    const captured = Object.fromEntries(
      this.columns.map(([name, { values, index }]) => [name, { values, index }]),
    );
    return {
      intendedMs: this.plan.intendedMs,
      latencyMs: this.latencyMs,
      ttfbMs: this.ttfbMs,
      lagMs: this.lagMs,
      status,
      template: this.template,
      tags: this.plan.templates.map((template) => template.tag),
      captured,
      durationMs: this.lastDoneMs,
    };
  }

  private elapsedMs(): number {
    return performance.now() - this.startMs;
  }
}
