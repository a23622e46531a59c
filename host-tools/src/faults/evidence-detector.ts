// The filter as a detector: the evidence of one of its layers, two of the last three requests of a key
// having to carry it. And the filter's own word: its alarms, with the threshold that it set itself.

import type { Detector } from "./detector";
import type { Layer } from "./filter-reading";
import type { SuiteRun } from "./suite-run";

/** The second largest of three. */
function middleOf(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

export function evidenceDetector(layer: Layer): Detector {
  return {
    name: layer,
    series: (run) =>
      byKey(run, (i) => {
        const value = run.evidence[layer][i]!;
        return Number.isNaN(value) ? 0 : value;
      }).map(({ atMs, value }) => ({
        atMs,
        value: value.map((one, i) => middleOf(one, value[i - 1] ?? 0, value[i - 2] ?? 0)),
      })),
  };
}

/** 1 where the filter itself calls a request anomalous. */
export function filterAlarms(): Detector {
  return { name: "filter", series: (run) => byKey(run, (i) => run.alarm[i]!) };
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
