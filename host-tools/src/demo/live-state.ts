// What the live views show: for each side a window over the requests that ended last, and counts since
// the start. Fed by the engine's progress, read by whichever view there is.

import type { EndedRequests, DemoProgress, Side } from "./progress";
import { isError, quantile } from "./measure";
import { floodingTenant, type Scenario } from "./scenario";

const WINDOW_MS = 2000;

export interface LiveFigures {
  readonly requestsHz: number;
  /** Of answers and timeouts of the tenants that behave well; 0 where there were none. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** One of [0, 1] per arm, in the scenario's order. */
  readonly armShare: readonly number[];
  /** Mean over the window; -1 without a score. */
  readonly scorePermille: number;
  readonly limitedHz: number;
  /** Of the tenants that behave well, since the start. */
  readonly errors: number;
  /** All tenants, since the start. */
  readonly requests: number;
  /** p99 of each second so far, for a small curve. */
  readonly p99HistoryMs: readonly number[];
}

interface Chunk {
  readonly atMs: number;
  readonly ended: EndedRequests;
}

interface SideState {
  chunks: Chunk[];
  requests: number;
  errors: number;
  historyMs: number[];
}

export class LiveState {
  elapsedMs = 0;
  private readonly sides: Record<Side, SideState> = { with: emptySide(), without: emptySide() };
  private readonly flooding: number;

  constructor(readonly scenario: Scenario) {
    this.flooding = scenario.tenants.indexOf(floodingTenant(scenario));
  }

  add({ side, elapsedMs, ended }: DemoProgress): void {
    const state = this.sides[side];
    this.elapsedMs = Math.max(this.elapsedMs, elapsedMs);
    state.chunks.push({ atMs: elapsedMs, ended });
    state.chunks = state.chunks.filter((chunk) => chunk.atMs > elapsedMs - WINDOW_MS);
    state.requests += ended.status.length;
    for (let i = 0; i < ended.status.length; i++) {
      if (ended.tenant[i] !== this.flooding && isError(ended.status[i]!)) state.errors++;
    }
    const second = Math.floor(Math.min(elapsedMs, this.scenario.durationMs - 1) / 1000);
    while (state.historyMs.length <= second) state.historyMs.push(0);
    state.historyMs[second] = this.figures(side).p99Ms;
  }

  figures(side: Side): LiveFigures {
    const state = this.sides[side];
    const latenciesMs: number[] = [];
    const arms = this.scenario.arms.map(() => 0);
    const score = { sum: 0, count: 0 };
    let requests = 0;
    let limited = 0;
    for (const { ended } of state.chunks) {
      requests += ended.status.length;
      for (let i = 0; i < ended.status.length; i++) {
        if (ended.status[i] === 429) limited++;
        else if (ended.tenant[i] !== this.flooding && ended.latencyMs[i]! >= 0) {
          latenciesMs.push(ended.latencyMs[i]!);
        }
      }
      this.scenario.arms.forEach(({ name }, i) => (arms[i]! += ended.arms[name] ?? 0));
      addScores(ended, score);
    }
    latenciesMs.sort((a, b) => a - b);
    const answered = Math.max(
      1,
      arms.reduce((sum, one) => sum + one, 0),
    );
    const spanS = Math.max(0.25, Math.min(WINDOW_MS, this.elapsedMs) / 1000);
    return {
      requestsHz: requests / spanS,
      p50Ms: quantile(latenciesMs, 0.5),
      p99Ms: quantile(latenciesMs, 0.99),
      armShare: arms.map((one) => one / answered),
      scorePermille: score.count === 0 ? -1 : score.sum / score.count,
      limitedHz: limited / spanS,
      errors: state.errors,
      requests: state.requests,
      p99HistoryMs: state.historyMs,
    };
  }
}

function addScores(ended: EndedRequests, score: { sum: number; count: number }): void {
  for (const [text, count] of Object.entries(ended.scores)) {
    if (text === "") continue;
    score.sum += Number(text) * count;
    score.count += count;
  }
}

function emptySide(): SideState {
  return { chunks: [], requests: 0, errors: 0, historyMs: [] };
}
