// Every combination of the layers as a detector: evidence of the layers that are in it, combined by
// the weighted harmonic mean of their p-values as the filter does (assembly/judge.ts), and held
// against a threshold that two of the last three requests of a key have to reach.

import { combineEvidence } from "../calibration/reference-share";
import { LAYER_WEIGHT, SEQUENCE_WEIGHT } from "../contract";
import type { AlarmSeries } from "../faults/alarms";
import type { Detector } from "../faults/detector";
import type { SuiteRun } from "../faults/suite-run";
import { harmonicEvidence } from "../statistics/reference-monitor";
import type { EvidenceColumn } from "./layer-evidence";

/** The layers whose subsets are compared. */
export const ABLATED_LAYERS = ["L0", "LSTM", "Transformer", "L2"] as const;
export type AblatedLayer = (typeof ABLATED_LAYERS)[number];

/** Every subset but the empty one; single layers first, all of them last. */
export function layerSubsets(): AblatedLayer[][] {
  const all = Array.from({ length: 2 ** ABLATED_LAYERS.length - 1 }, (_, i) => {
    return ABLATED_LAYERS.filter((_layer, k) => (((i + 1) >> k) & 1) === 1);
  });
  return all.sort((a, b) => a.length - b.length);
}

/** What is no model of the sequence; the filter gives these the full weight. */
const OTHER_LAYERS: readonly string[] = ["L0", "L2"];

/** Columns of a run, by name. */
export type EvidenceColumns = Readonly<Record<string, EvidenceColumn>>;

/**
 * @param columnsOf a run's columns
 * @param layers names of the columns to combine
 */
export function columnsDetector(
  columnsOf: (run: SuiteRun) => EvidenceColumns,
  layers: readonly string[],
): Detector {
  const models = layers.filter((layer) => !OTHER_LAYERS.includes(layer));
  const others = layers.filter((layer) => OTHER_LAYERS.includes(layer));
  return {
    name: layers.join("+"),
    series: (run) => {
      const columns = columnsOf(run);
      return seriesByKey(run, (i) => {
        const said = models.map((layer) => columns[layer]![i]!);
        const parts = others.map((layer) => {
          return { evidence: columns[layer]![i]!, weight: LAYER_WEIGHT };
        });
        if (said.length > 0) {
          parts.push({ evidence: sequenceOf(said), weight: SEQUENCE_WEIGHT });
        }
        return parts.length === 1 ? parts[0]!.evidence : combineEvidence(parts);
      });
    },
  };
}

/** Several models are one layer of the sequence. */
function sequenceOf(said: readonly number[]): number {
  return said.length === 1 ? said[0]! : harmonicEvidence(said);
}

/** One series a key; each value the second largest of the last three. */
function seriesByKey({ scenario }: SuiteRun, valueOf: (i: number) => number): AlarmSeries[] {
  const keys = scenario.routes.map(() => ({ atMs: [] as number[], value: [] as number[] }));
  const last = scenario.routes.map(() => [0, 0] as [number, number]);
  scenario.requests.forEach(({ atMs, route }, i) => {
    const now = valueOf(i);
    const [before, earlier] = last[route]!;
    keys[route]!.atMs.push(atMs);
    keys[route]!.value.push(middleOf(now, before, earlier));
    last[route] = [now, before];
  });
  return keys;
}

function middleOf(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
