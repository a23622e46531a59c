// What an operator feels: of the incidents, how many raised an alarm, how late, at a bounded number of
// false alarms. An alarm is a run of points at or above the threshold; a run that touches no incident
// is a false one. Point-adjusted F1 stands beside only because older papers quote it: it counts a whole
// incident as found for one lucky point, so that random scores reach the state of the art (Kim et al.,
// AAAI 2022).

import { type LabelledRange, labelledRanges } from "./labelled-ranges";

export interface EventFigures {
  /** Least threshold, among the scores, with no more false alarms than allowed. */
  readonly threshold: number;
  readonly falseAlarms: number;
  /** Share of incidents with at least one point at or above the threshold. */
  readonly recall: number;
  /** Samples from the start of an incident to its first such point, median of those found; NaN for none. */
  readonly delaySamples: number;
}

/**
 * Incidents found at the best threshold within a budget of false alarms.
 * @param budget false alarms allowed in the whole series, 0 or more
 */
export function eventFigures(
  scores: Float64Array,
  labels: Uint8Array,
  budget: number,
): EventFigures {
  const incidents = labelledRanges(labels);
  const threshold = thresholdWithin(scores, labels, budget);
  const delays = incidents
    .map((incident) => delayOf(scores, incident, threshold))
    .filter((delay) => delay >= 0)
    .sort((a, b) => a - b);
  return {
    threshold,
    falseAlarms: falseAlarms(scores, labels, threshold),
    recall: incidents.length === 0 ? Number.NaN : delays.length / incidents.length,
    delaySamples: medianOf(delays),
  };
}

/** Runs of points at or above the threshold that touch no incident. */
export function falseAlarms(scores: Float64Array, labels: Uint8Array, threshold: number): number {
  const raised = Uint8Array.from(scores, (score) => (score >= threshold ? 1 : 0));
  return labelledRanges(raised).filter(
    ({ first, last }) => !labels.subarray(first, last + 1).includes(1),
  ).length;
}

/** The least score whose false alarms are within the budget, infinity where even the greatest has more. */
function thresholdWithin(scores: Float64Array, labels: Uint8Array, budget: number): number {
  const levels = Float64Array.from(new Set(scores)).sort().reverse();
  let threshold = Number.POSITIVE_INFINITY;
  // Lowering a threshold can join false alarms or hand one to an incident, so the count is not monotone: we
  // stop at the first level beyond the budget, as an operator who lowers a threshold would.
  const state = new AlarmRuns(scores, labels);
  for (const level of levels) {
    state.lowerTo(level);
    if (state.falseAlarms > budget) break;
    threshold = level;
  }
  return threshold;
}

/** Keeps the runs of raised points while a threshold falls; joins neighbours as they meet. */
class AlarmRuns {
  falseAlarms = 0;
  /** Run of a raised point as a tree over its points; -1 while not raised. */
  private readonly parent: Int32Array;
  private readonly touches: Uint8Array;
  private readonly order: Uint32Array;
  private next = 0;

  constructor(
    private readonly scores: Float64Array,
    labels: Uint8Array,
  ) {
    this.parent = new Int32Array(scores.length).fill(-1);
    this.touches = Uint8Array.from(labels);
    this.order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  }

  lowerTo(level: number): void {
    while (this.next < this.order.length && this.scores[this.order[this.next]!]! >= level) {
      this.raise(this.order[this.next++]!);
    }
  }

  private raise(point: number): void {
    this.parent[point] = point;
    if (this.touches[point] !== 1) this.falseAlarms += 1;
    if (point > 0) this.join(point, point - 1);
    if (point + 1 < this.parent.length) this.join(point, point + 1);
  }

  private join(point: number, neighbour: number): void {
    if (this.parent[neighbour]! < 0) return;
    const a = this.rootOf(point);
    const b = this.rootOf(neighbour);
    if (this.touches[a] !== 1) this.falseAlarms -= 1;
    if (this.touches[b] !== 1) this.falseAlarms -= 1;
    this.parent[a] = b;
    this.touches[b] = this.touches[a]! | this.touches[b]!;
    if (this.touches[b] !== 1) this.falseAlarms += 1;
  }

  private rootOf(point: number): number {
    let root = point;
    while (this.parent[root] !== root) root = this.parent[root]!;
    for (let at = point; at !== root;) {
      const up = this.parent[at]!;
      this.parent[at] = root;
      at = up;
    }
    return root;
  }
}

function delayOf(scores: Float64Array, incident: LabelledRange, threshold: number): number {
  for (let i = incident.first; i <= incident.last; i++) {
    if (scores[i]! >= threshold) return i - incident.first;
  }
  return -1;
}

function medianOf(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle]! + sorted[middle - 1]!) / 2;
}

/** Best F1 over all thresholds when an incident counts whole once one of its points is found. */
export function pointAdjustedF1(scores: Float64Array, labels: Uint8Array): number {
  const adjusted = Float64Array.from(scores);
  let anomalous = 0;
  for (const { first, last } of labelledRanges(labels)) {
    const best = scores.subarray(first, last + 1).reduce((high, score) => Math.max(high, score));
    adjusted.fill(best, first, last + 1);
    anomalous += last - first + 1;
  }
  return bestF1(adjusted, labels, anomalous);
}

function bestF1(scores: Float64Array, labels: Uint8Array, anomalous: number): number {
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  let best = 0;
  let hits = 0;
  for (let i = 0; i < order.length; i++) {
    hits += labels[order[i]!]!;
    if (i + 1 < order.length && scores[order[i + 1]!] === scores[order[i]!]) continue;
    best = Math.max(best, (2 * hits) / (i + 1 + anomalous));
  }
  return best;
}
