// The filter as a detector: the evidence of some of its layers, two of the last three requests of a key
// having to carry it. And the filter's own word: its alarms, with the threshold that it set itself.

import { EVIDENCE_ONE, LAYER_WEIGHT, SEQUENCE_WEIGHT } from "../contract";
import { exp, log } from "../model/exact-math";
import type { Detector } from "./detector";
import type { Layer } from "./filter-reading";
import type { SuiteRun } from "./suite-run";

/** The layers that can be left out. */
export const PARTS = ["statistics", "sequence", "content"] as const;
export type Part = (typeof PARTS)[number];

/** Weights of the layers' p-values, as the filter combines them. */
const WEIGHTS: Readonly<Record<Part, number>> = {
  statistics: LAYER_WEIGHT,
  sequence: SEQUENCE_WEIGHT,
  content: LAYER_WEIGHT,
};

const LN10 = 2.302585092994046;
/** Natural logarithms in one unit of evidence. */
const NEPERS = LN10 / EVIDENCE_ONE;

/** The second largest of three. */
function middleOf(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

/** One layer, or the whole as the filter combined it. */
export function evidenceDetector(layer: Layer): Detector {
  return sustained(layer, (run) => {
    const column = run.evidence[layer];
    return (i) => known(column[i]!);
  });
}

/** Several layers, combined as the filter does, whichever of them its settings let act. */
export function subsetDetector(parts: readonly Part[]): Detector {
  return sustained(parts.join("+"), (run) => {
    const columns = parts.map((part) => run.evidence[part]);
    const weights = parts.map((part) => WEIGHTS[part]);
    return (i) => {
      const evidences = columns.map((column) => known(column[i]!));
      return harmonicMean(evidences, weights);
    };
  });
}

/**
 * Evidence of the weighted harmonic mean of p-values: 1/p are averaged.
 *
 * @param evidences Q8
 * @param weights of each, in any unit
 */
export function harmonicMean(evidences: readonly number[], weights: readonly number[]): number {
  const largest = Math.max(...evidences);
  let [sum, all] = [0, 0];
  evidences.forEach((one, i) => {
    sum += weights[i]! * exp((one - largest) * NEPERS);
    all += weights[i]!;
  });
  return Math.max(0, largest + log(sum / all) / NEPERS);
}

/** 1 where the filter itself calls a request anomalous. */
export function filterAlarms(): Detector {
  return { name: "own alarms", series: (run) => byKey(run, (i) => run.alarm[i]!) };
}

/** Whether the filter told any evidence in this run. */
export function tellsEvidence(run: SuiteRun): boolean {
  return run.evidence.combined.some((value) => !Number.isNaN(value));
}

function known(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}

function sustained(name: string, valueOf: (run: SuiteRun) => (i: number) => number): Detector {
  return {
    name,
    series: (run) =>
      byKey(run, valueOf(run)).map(({ atMs, value }) => ({
        atMs,
        value: value.map((one, i) => middleOf(one, value[i - 1] ?? 0, value[i - 2] ?? 0)),
      })),
  };
}

function byKey(
  { scenario }: SuiteRun,
  valueOf: (i: number) => number,
): { readonly atMs: number[]; readonly value: number[] }[] {
  const keys = scenario.routes.map(() => ({ atMs: [] as number[], value: [] as number[] }));
  scenario.requests.forEach(({ atMs, route }, i) => {
    keys[route]!.atMs.push(atMs);
    keys[route]!.value.push(valueOf(i));
  });
  return keys;
}
