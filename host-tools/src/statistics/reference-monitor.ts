// The route monitor in TypeScript, written from assembly/statistics/route-monitor.ts, window.ts, share.ts and
// combine-evidence.ts, every operation rounded to 32 bits.

import { ROUTE_SIGNALS, RouteSignal, signalRisesOnly } from "../contract";
import { exp2Negative, log2 } from "../model/feature-math";
import { ReferenceSignal } from "./reference-signal";

const fround = Math.fround;
const DAY_MS = 86_400_000;
const TIME_MAX_MS = 2 ** 53;

/** Share of a new window with a half-life. */
const weightOf = (elapsedMs: number, halfLifeMs: number) =>
  fround(1 - exp2Negative(fround(elapsedMs / halfLifeMs)));

const isTime = (ms: number) => ms >= 0 && ms <= TIME_MAX_MS;
const isMeasure = (x: number) => x >= 0 && x <= fround(1e12);

/** What happened since the window was opened. */
class Sums {
  arrivals = 0;
  retries = 0;
  answers = 0;
  failures = 0;
  refusals = 0;
  latencies = 0;
  bodies = 0;
  bytesSum = 0;
  latencySum = 0;
  latencyMax = 0;
  bodySum = 0;
}

/** Harmonic mean of p-values, as evidence in Q8. */
export function harmonicEvidence(evidences: ArrayLike<number>): number {
  const all = Array.from(evidences);
  const largest = Math.max(...all);
  const octaves = fround(Math.log2(10) / 256);
  let sum = 0;
  for (const one of all) sum = fround(sum + exp2Negative(fround((largest - one) * octaves)));
  const below = fround(fround(256 * Math.log10(2)) * log2(fround(sum / all.length)));
  return Math.trunc(Math.max(0, fround(largest + below)));
}

function floorOf(signal: RouteSignal): number {
  if (signalRisesOnly(signal)) return 0.5;
  return fround(signal === RouteSignal.Rate || signal === RouteSignal.SlowestLatency ? 0.1 : 0.05);
}

/** A share of requests: how far a window's count is above it, and what it is afterwards. */
class Share {
  private share = 0;

  surplus(hits: number, count: number): number {
    return fround(fround(hits - fround(count * this.share)) / this.deviation(count));
  }

  learn(hits: number, count: number, weight: number, clipped: boolean): void {
    const usual = fround(count * this.share);
    const reach = fround(3 * this.deviation(count));
    const low = fround(usual - reach);
    const k = clipped ? Math.max(low, Math.min(fround(usual + reach), hits)) : hits;
    const step = fround(weight * fround(fround(k / count) - this.share));
    this.share = Math.max(0, Math.min(1, fround(this.share + step)));
  }

  private deviation(count: number): number {
    const binomial = fround(fround(count * this.share) * fround(1 - this.share));
    return fround(Math.sqrt(fround(binomial + 1)));
  }
}

export class ReferenceMonitor {
  /** Of the last window, Q8: one a signal, and all together. */
  readonly evidences = new Uint16Array(ROUTE_SIGNALS);
  evidenceQ8 = 0;
  windows = 0;
  private readonly signals = Array.from(
    { length: ROUTE_SIGNALS },
    (_, signal) => new ReferenceSignal(signal === RouteSignal.Rate),
  );
  private readonly failures = new Share();
  private readonly refusals = new Share();
  private readonly retries = new Share();
  private sums = new Sums();
  private startMs: number | undefined;

  /** @param wallOffsetMs what to add to an event's time to know the hour; NaN: not known */
  constructor(private readonly wallOffsetMs = Number.NaN) {}

  get topSignal(): number {
    const most = Math.max(...this.evidences);
    return most === 0 ? -1 : this.evidences.indexOf(most);
  }

  arrive(nowMs: number, requestBytes: number, attempt: number): void {
    this.advance(nowMs);
    const bytes = fround(requestBytes);
    this.sums.arrivals += 1;
    if (attempt > 1) this.sums.retries += 1;
    const known = isMeasure(bytes) ? bytes : 0;
    this.sums.bytesSum = fround(this.sums.bytesSum + log2(fround(known + 64)));
  }

  finish(nowMs: number, latency: number, ttfb: number, status: number): void {
    this.advance(nowMs);
    const { sums } = this;
    const [latencyMs, ttfbMs] = [fround(latency), fround(ttfb)];
    if (status >= 100 && status < 600) {
      sums.answers += 1;
      if (status >= 500) sums.failures += 1;
      if (status >= 400 && status < 500 && status !== 429) sums.refusals += 1;
    }
    if (!isMeasure(latencyMs)) return;
    const octaves = log2(fround(latencyMs + 0.0625));
    sums.latencyMax = sums.latencies === 0 ? octaves : Math.max(sums.latencyMax, octaves);
    sums.latencySum = fround(sums.latencySum + octaves);
    sums.latencies += 1;
    if (!isMeasure(ttfbMs)) return;
    const bodyMs = Math.max(0, fround(latencyMs - ttfbMs));
    sums.bodySum = fround(sums.bodySum + log2(fround(bodyMs + 0.0625)));
    sums.bodies += 1;
  }

  /** Closes the window if it is over; whether it was. */
  tick(nowMs: number): boolean {
    if (this.startMs === undefined || !isTime(nowMs)) return false;
    const elapsedMs = nowMs - this.startMs;
    const busy = Math.max(this.sums.arrivals, this.sums.latencies) >= 5;
    if (elapsedMs < 1000 || (elapsedMs < 10_000 && !busy)) return false;
    this.close(nowMs, elapsedMs);
    return true;
  }

  private advance(nowMs: number): void {
    if (this.tick(nowMs)) return;
    const setBack = this.startMs !== undefined && nowMs < this.startMs - 10_000;
    if (isTime(nowMs) && (setBack || this.startMs === undefined)) this.open(nowMs);
  }

  private open(nowMs: number): void {
    this.sums = new Sums();
    this.startMs = nowMs;
  }

  private close(nowMs: number, elapsedMs: number): void {
    const { sums } = this;
    const decayMs = fround(Math.min(elapsedMs, 10_000));
    const mean = (sum: number, count: number) => (count > 0 ? fround(sum / count) : Number.NaN);
    const perSecond = fround(fround(fround(sums.arrivals + 0.5) * 1000) / fround(elapsedMs));
    this.evidences.fill(0);
    this.feed(RouteSignal.Rate, log2(perSecond), nowMs, decayMs);
    this.feed(RouteSignal.Bytes, mean(sums.bytesSum, sums.arrivals), nowMs, decayMs);
    this.feed(RouteSignal.Latency, mean(sums.latencySum, sums.latencies), nowMs, decayMs);
    const slowest = sums.latencies > 0 ? sums.latencyMax : Number.NaN;
    this.feed(RouteSignal.SlowestLatency, slowest, nowMs, decayMs);
    this.feed(RouteSignal.BodyTime, mean(sums.bodySum, sums.bodies), nowMs, decayMs);
    this.share(RouteSignal.Failures, this.failures, [sums.failures, sums.answers], nowMs, decayMs);
    this.share(RouteSignal.Refusals, this.refusals, [sums.refusals, sums.answers], nowMs, decayMs);
    this.share(RouteSignal.Retries, this.retries, [sums.retries, sums.arrivals], nowMs, decayMs);
    this.evidenceQ8 = harmonicEvidence(this.evidences);
    this.windows += 1;
    this.open(nowMs);
  }

  private share(
    signal: RouteSignal,
    share: Share,
    [hits, count]: readonly [number, number],
    nowMs: number,
    decayMs: number,
  ): void {
    if (count === 0) return;
    this.feed(signal, share.surplus(hits, count), nowMs, decayMs);
    const weight = Math.max(weightOf(decayMs, 1_200_000), fround(1 / (this.windows + 1)));
    share.learn(hits, count, weight, this.windows >= 32);
  }

  /** NaN is a value that the window does not have: no evidence. */
  private feed(signal: RouteSignal, x: number, nowMs: number, decayMs: number): void {
    const wallMs = nowMs + this.wallOffsetMs;
    const dayMs = wallMs - Math.floor(wallMs / DAY_MS) * DAY_MS;
    const parts = this.signals[signal]!.step(x, nowMs, dayMs, {
      fastWeight: weightOf(decayMs, 2000),
      slowWeight: weightOf(decayMs, 200_000),
      driftFastWeight: weightOf(decayMs, 20_000),
      driftSlowWeight: weightOf(decayMs, 1_200_000),
      hourWeight: fround(decayMs * fround(9.627e-8)),
      floor: floorOf(signal),
      reach: 3,
      risesOnly: signalRisesOnly(signal),
      guarded: true,
    });
    this.evidences[signal] = parts.length > 0 ? harmonicEvidence(parts) : 0;
  }
}
