// What the statistics layer (L0) made of a route up to a request: the indicators of the last window that
// closed, each with what it was and what the windows before it had. The monitor's twin runs over the
// route's whole past, as the filter's monitor did: arrivals, ends and ticks in order of time.

import { ROUTE_SIGNALS, RouteSignal, signalName } from "../contract";
import type { TrafficRequest } from "../model/traffic";
import { ReferenceMonitor } from "../statistics/reference-monitor";
import type { ExplainedLayer, ExplainedPart } from "./decision-explanation";
import { amountText, milliseconds } from "./feature-unit";
import { WALL_OFFSET_MS } from "./route-history";

/** The filter's tick, on which windows close too. */
const TICK_MS = 100;
/** Windows whose middle one is told as what was expected. */
const USUAL_WINDOWS = 60;

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
export function explainStatistics(
  history: readonly TrafficRequest[],
): Omit<ExplainedLayer, "acts"> {
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

/** The monitor's twin, and beside it the same windows in plain units. */
class RouteWatch {
  private readonly monitor = new ReferenceMonitor(WALL_OFFSET_MS);
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
      this.follow(this.tickMs + TICK_MS, () => this.monitor.tick(this.tickMs + TICK_MS));
    }
    const { latencyMs, ttfbMs, status, contentBytes, attempt = 1 } = request;
    this.follow(atMs, () =>
      isEnd
        ? this.monitor.finish(atMs, latencyMs, ttfbMs, status)
        : this.monitor.arrive(atMs, contentBytes, attempt),
    );
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

  explain(): Omit<ExplainedLayer, "acts"> {
    const { monitor } = this;
    const evidence = monitor.windows === 0 ? null : monitor.evidenceQ8 / 256;
    const sum = monitor.evidences.reduce((all, one) => all + one, 0);
    const parts = Array.from(monitor.evidences, (one, signal) => ({ one, signal }))
      .filter(({ one }) => one > 0)
      .sort((a, b) => b.one - a.one || a.signal - b.signal)
      .map(({ one, signal }) => this.part(signal, one / sum));
    const note =
      evidence === null
        ? "no window of the route has closed yet"
        : `the last of ${monitor.windows} windows of about a second`;
    return { layer: "L0", title: "statistics", evidence, note, parts };
  }

  private part(signal: RouteSignal, share: number): ExplainedPart {
    const values = this.past[signal]!;
    const before = values.slice(0, -1).filter((value) => !Number.isNaN(value));
    const middle = before.sort((a, b) => a - b)[before.length >> 1];
    return {
      name: signalName(signal),
      seen: signalText(signal, values[values.length - 1]!),
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
      if (values.length > USUAL_WINDOWS + 1) values.shift();
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
