// The suite's result for people: who finds what, and which layer adds nothing where.

import { FAULT_CLASSES, INTENSITIES, type FaultClass } from "./fault-class";
import { BASELINES } from "./baselines";
import type { Comparison } from "./compare";
import { PARTS, type Part } from "./evidence-detector";
import { scoreOf, type Score } from "./judge";
import type { SuiteResult } from "./run-suite";

type Row = readonly string[];

/** Total figures of every detector. */
export function totalsTable(result: SuiteResult): Row[] {
  const rows: [string, Comparison | undefined][] = [
    ["filter, evidence", result.evidence],
    ["filter, own alarms", result.own],
    ...Object.values(result.subsets).map((one): [string, Comparison] => [`  ${one.detector}`, one]),
    ...BASELINES.map((baseline): [string, Comparison] => [baseline, result.baselines[baseline]]),
    ["outlier, defaults", result.outlierDefaults],
  ];
  return [
    ["", "f1", "recall", "precision", "delay s", "false", "healthy/h", "worst key/h"],
    ...rows.flatMap(([name, one]) => (one === undefined ? [] : [totalsRow(name, one)])),
  ];
}

function totalsRow(name: string, comparison: Comparison): Row {
  const score = scoreOf(comparison.judgement);
  const { falsePerHour } = comparison;
  const mean = falsePerHour.reduce((sum, rate) => sum + rate, 0) / falsePerHour.length;
  return [
    name,
    score.f1.toFixed(3),
    score.recall.toFixed(3),
    score.precision.toFixed(3),
    seconds(score),
    String(score.falseAlarms),
    mean.toFixed(2),
    Math.max(...falsePerHour).toFixed(2),
  ];
}

/** Episodes found and median delay by fault and intensity. */
export function faultTable(comparison: Comparison): Row[] {
  return [
    ["fault", ...INTENSITIES, "all", "delay s"],
    ...FAULT_CLASSES.map((fault) => {
      const cells = INTENSITIES.map((_, intensity) =>
        foundOf(comparison, fault, (level) => level === intensity),
      );
      const all = scoreOf(comparison.judgement, (one) => one.fault === fault);
      return [fault, ...cells.map(cell), cell(all), seconds(all)];
    }),
  ];
}

/** Which share each detector finds of each fault, and which layers could be left out there. */
export function layerTable(result: SuiteResult): Row[] {
  const columns: [string, Comparison | undefined][] = [
    ["own alarms", result.own],
    ["all layers", result.subsets[PARTS.join("+")]],
    ...PARTS.map((part): [string, Comparison | undefined] => [part, result.subsets[part]]),
    ...BASELINES.map((baseline): [string, Comparison] => [baseline, result.baselines[baseline]]),
  ];
  const present = columns.filter((column): column is [string, Comparison] => {
    return column[1] !== undefined;
  });
  return [
    ["found", ...present.map(([name]) => name), "adds nothing"],
    ...FAULT_CLASSES.map((fault) => {
      const cells = present.map(([, one]) => cell(foundOf(one, fault)));
      return [fault, ...cells, idleParts(result, fault).join(", ") || "-"];
    }),
  ];
}

/** Layers without which as many episodes of the fault are found, and no later. */
export function idleParts({ subsets }: SuiteResult, fault: FaultClass): Part[] {
  const all = subsets[PARTS.join("+")];
  if (all === undefined) return [];
  const whole = foundOf(all, fault);
  return PARTS.filter((part) => {
    const rest = subsets[PARTS.filter((other) => other !== part).join("+")]!;
    const score = foundOf(rest, fault);
    const isLater = score.delayS > whole.delayS;
    return score.found > whole.found || (score.found === whole.found && !isLater);
  });
}

/**
 * How many episodes of one fault were found, of those intensities. A false alarm belongs to no fault; each
 * is charged with its share of them.
 */
export function foundOf(
  { judgement }: Comparison,
  fault: FaultClass,
  includes: (intensity: number) => boolean = () => true,
): Score {
  return scoreOf(judgement, (one) => one.fault === fault && includes(one.intensity));
}

function cell({ found, episodes }: Score): string {
  return `${found}/${episodes}`;
}

function seconds({ delayS }: Score): string {
  return Number.isNaN(delayS) ? "-" : delayS.toFixed(1);
}
