// What the statistics layer (L0) made of a route up to a request. It looks twice: at the last half minute
// (the watch) and at the last window of about a second (the monitor, which must be surer). The twins of
// both run over the route's whole past, as the filter's did: arrivals, ends and ticks in order of
// time. Beside them the same windows are counted in plain units, to tell what was and what was
// usual.

import { ROUTE_SIGNALS, RouteSignal, SUDDEN_DISCOUNT, signalName } from "../contract";
import type { TrafficRequest } from "../model/traffic";
import { ReferenceMonitor } from "../statistics/reference-monitor";
import { ReferenceWatch } from "../statistics/reference-watch";
import type { ExplainedPart, LayerStory } from "./decision-explanation";
import { amountText, milliseconds } from "./feature-unit";
import { WALL_OFFSET_MS } from "./route-history";

/** The filter's tick, on which windows close too. */
const TICK_MS = 100;
/** Windows whose middle one is told as what was usual. */
const USUAL_WINDOWS = 300;
/** Windows of a second that the watch's half minute is told as. */
const LASTING_WINDOWS = 30;

/** What the filter counted in a window, before it took logarithms. */
class WindowFigures {
  arrivals = 0;
  retries = 0;
  answers = 0;
  failures = 0;
  refusals = 0;
  latenciesMs: number[] = [];
  bodiesMs: number[] = [];
  bytes: number[] = [];

  constructor(readonly startMs: number) {}

  /** The indicator as a person counts it; NaN where the window has none. */
  value(signal: RouteSignal, endMs: number): number {
    switch (signal) {
      case RouteSignal.Rate:
        return (1000 * this.arrivals) / Math.max(1, endMs - this.startMs);
      case RouteSignal.Latency:
        return geometricMean(this.latenciesMs);
      case RouteSignal.SlowestLatency:
        return this.latenciesMs.length === 0 ? NaN : Math.max(...this.latenciesMs);
      case RouteSignal.BodyTime:
        return geometricMean(this.bodiesMs);
      case RouteSignal.Failures:
        return this.failures / this.answers;
      case RouteSignal.Refusals:
        return this.refusals / this.answers;
      case RouteSignal.Bytes:
        return geometricMean(this.bytes);
      default:
        return this.retries / this.arrivals;
    }
  }
}

function geometricMean(values: readonly number[]): number {
  const logs = values.reduce((sum, value) => sum + Math.log2(Math.max(value, 1 / 16)), 0);
  return values.length === 0 ? NaN : 2 ** (logs / values.length);
}

/** @param history the route's requests in order of arrival; the last is the one to explain */
export function explainStatistics(history: readonly TrafficRequest[]): LayerStory {
  const watch = new RouteWatch(history[0]!.arrivalMs);
  const nowMs = history[history.length - 1]!.arrivalMs;
  for (const event of eventsOf(history)) {
    if (event.atMs > nowMs) break;
    watch.take(event);
  }
  return watch.explain();
}

interface RouteEvent {
  readonly atMs: number;
  readonly order: number;
  readonly request: TrafficRequest;
  readonly isEnd: boolean;
}

function eventsOf(history: readonly TrafficRequest[]): RouteEvent[] {
  const events = history.flatMap((request, index): RouteEvent[] => {
    const begin = { atMs: request.arrivalMs, order: 2 * index, request, isEnd: false };
    if (request.limited) return [begin];
    const endMs = request.arrivalMs + Math.max(request.latencyMs, request.ttfbMs);
    return [begin, { atMs: endMs, order: 2 * index + 1, request, isEnd: true }];
  });
  return events.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
}

/** The twins, and beside them the windows in plain units. */
class RouteWatch {
  private readonly monitor = new ReferenceMonitor(WALL_OFFSET_MS);
  private readonly watch = new ReferenceWatch();
  private figures: WindowFigures;
  private tickMs: number;
  /** By signal: values of the last windows, the newest at the end. */
  private readonly past: number[][] = Array.from({ length: ROUTE_SIGNALS }, () => []);

  constructor(startMs: number) {
    this.figures = new WindowFigures(startMs);
    this.tickMs = Math.floor(startMs / TICK_MS) * TICK_MS;
  }

  take({ atMs, request, isEnd }: RouteEvent): void {
    for (; this.tickMs + TICK_MS <= atMs; this.tickMs += TICK_MS) {
      const tickMs = this.tickMs + TICK_MS;
      this.follow(tickMs, () => this.monitor.tick(tickMs));
      this.watch.tick(tickMs);
    }
    const { latencyMs, ttfbMs, status, contentBytes, attempt = 1 } = request;
    this.follow(atMs, () =>
      isEnd
        ? this.monitor.finish(atMs, latencyMs, ttfbMs, status)
        : this.monitor.arrive(atMs, contentBytes, attempt),
    );
    if (isEnd) this.watch.finish(atMs, latencyMs, ttfbMs, status);
    else this.watch.arrive(atMs, contentBytes, attempt);
    // A window that has just closed does not have this event; the new one does.
    const { figures } = this;
    if (!isEnd) {
      figures.arrivals += 1;
      if (attempt > 1) figures.retries += 1;
      figures.bytes.push(contentBytes + 64);
      return;
    }
    if (status > 0) figures.answers += 1;
    if (status >= 500) figures.failures += 1;
    if (status >= 400 && status < 500 && status !== 429) figures.refusals += 1;
    figures.latenciesMs.push(latencyMs);
    figures.bodiesMs.push(Math.max(0, latencyMs - ttfbMs));
  }

  explain(): LayerStory {
    const { monitor, watch } = this;
    const sudden = monitor.evidenceQ8 - SUDDEN_DISCOUNT;
    const isSudden = sudden > watch.evidenceQ8;
    const evidence = Math.max(sudden, watch.evidenceQ8) / 256;
    const common = { layer: "L0", title: "statistics" } as const;
    if (monitor.windows === 0) {
      const note = "no window of the route has closed yet";
      return { ...common, evidence: null, note, parts: [] };
    }
    return isSudden
      ? {
          ...common,
          evidence,
          note: `a second that has never been, the last of ${monitor.windows} windows`,
          parts: this.suddenParts(),
        }
      : {
          ...common,
          evidence,
          note: `what has moved over the last half minute, after ${watch.steps} windows`,
          parts: watch.topSignal < 0 ? [] : [this.part(watch.topSignal, 1, LASTING_WINDOWS)],
        };
  }

  private suddenParts(): ExplainedPart[] {
    const { evidences } = this.monitor;
    const sum = evidences.reduce((all, one) => all + one, 0);
    return Array.from(evidences, (one, signal) => ({ one, signal }))
      .filter(({ one }) => one > 0)
      .sort((a, b) => b.one - a.one || a.signal - b.signal)
      .map(({ one, signal }) => this.part(signal, one / sum, 1));
  }

  /** @param windows that are told as one, the newest of them the last that closed */
  private part(signal: RouteSignal, share: number, windows: number): ExplainedPart {
    const values = this.past[signal]!;
    const known = (some: readonly number[]) => some.filter((value) => !Number.isNaN(value));
    const now = known(values.slice(-windows));
    const before = known(values.slice(0, -windows)).sort((a, b) => a - b);
    const middle = before[before.length >> 1];
    const mean = now.reduce((sum, value) => sum + value, 0) / now.length;
    return {
      name: signalName(signal),
      seen: signalText(signal, mean),
      expected: middle === undefined ? "" : signalText(signal, middle),
      share,
    };
  }

  /** Runs one step of the monitor; where it closed a window, so do the figures. */
  private follow(atMs: number, step: () => unknown): void {
    const { windows } = this.monitor;
    step();
    if (this.monitor.windows === windows) return;
    for (let signal = 0; signal < ROUTE_SIGNALS; signal++) {
      const values = this.past[signal]!;
      values.push(this.figures.value(signal, atMs));
      if (values.length > USUAL_WINDOWS + LASTING_WINDOWS) values.shift();
    }
    this.figures = new WindowFigures(atMs);
  }
}

function signalText(signal: RouteSignal, value: number): string {
  if (Number.isNaN(value)) return "none";
  switch (signal) {
    case RouteSignal.Rate:
      return `${amountText(value)}/s`;
    case RouteSignal.Latency:
    case RouteSignal.SlowestLatency:
    case RouteSignal.BodyTime:
      return milliseconds(value);
    case RouteSignal.Bytes:
      return `${amountText(value - 64)} bytes`;
    default:
      return `${amountText(100 * value)} %`;
  }
}
