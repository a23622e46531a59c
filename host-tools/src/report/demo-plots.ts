// Which plots the demo's report has, and what each says.

import type { EngineOutput } from "../demo/envoy-engine";
import { floodingTenant, type Scenario } from "../demo/scenario";
import { seriesTimesS, sideSeries, type Curve, type SideSeries } from "../demo/series";
import type { Plot, PlotCurve } from "./plot";

type Common = Pick<Plot, "timesS" | "bands" | "durationS">;

/** In the order of the page. @param thresholdPermille score from which a request counts as anomalous */
export function demoPlots(
  scenario: Scenario,
  output: EngineOutput,
  thresholdPermille: number,
): Plot[] {
  const ours = sideSeries(output.with, scenario);
  const theirs = sideSeries(output.without, scenario);
  const common: Common = {
    timesS: seriesTimesS(scenario),
    durationS: scenario.durationMs / 1000,
    bands: scenario.phases.map(({ name, fromMs, untilMs }) => {
      return { name, fromS: fromMs / 1000, untilS: untilMs / 1000 };
    }),
  };
  return [
    latencyPlot("p99", "99th percentile of latency", ours.p99Ms, theirs.p99Ms, common),
    latencyPlot("p50", "Median latency", ours.p50Ms, theirs.p50Ms, common),
    sharePlot("with", ours, scenario, common),
    sharePlot("without", theirs, scenario, common),
    limitedPlot(ours, scenario, common),
    floodPlot(ours, scenario, common),
    scorePlot(ours, thresholdPermille, common),
  ];
}

function latencyPlot(id: string, title: string, ours: Curve, theirs: Curve, common: Common): Plot {
  const values = [...ours, ...theirs].filter((value): value is number => value !== null);
  const high = Math.max(1000, ...values) * 1.15;
  return {
    ...common,
    id,
    title,
    note: "Tenants that behave well, from the intended start of a request to its last byte. Logarithmic.",
    unit: "ms",
    scale: "log",
    low: roundBelow(Math.min(100, ...values) * 0.9),
    high,
    curves: [
      { name: `${id} with Ganglion`, colour: "c-with", values: ours },
      { name: `${id} without`, colour: "c-without", values: theirs },
    ],
  };
}

/** The next lower 1, 2 or 5 times a power of ten. */
function roundBelow(value: number): number {
  const ten = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return ([5, 2, 1].find((digit) => digit * ten <= value) ?? 1) * ten;
}

function sharePlot(
  side: "with" | "without",
  series: SideSeries,
  scenario: Scenario,
  common: Common,
): Plot {
  const curves = scenario.arms.map(({ name }, i): PlotCurve => {
    return { name, colour: `c-${i}`, values: series.armSharePct[i]! };
  });
  return {
    ...common,
    id: `share-${side}`,
    title: side === "with" ? "Share per arm, with Ganglion" : "Share per arm, without",
    note:
      side === "with"
        ? "Arms chosen by the latency that the filter has learnt."
        : "Envoy's least request over the same three arms.",
    unit: "%",
    scale: "linear",
    low: 0,
    high: 100,
    isStacked: true,
    isHalf: true,
    curves,
  };
}

function limitedPlot(ours: SideSeries, scenario: Scenario, common: Common): Plot {
  const peak = Math.max(10, ...ours.refusedHz.flat().map((value) => value ?? 0));
  const tiers = scenario.tenants.map(({ name, tier }) => `${name} is ${tier}`).join(", ");
  return {
    ...common,
    id: "limited",
    title: "Requests limited per second",
    note: `Answered with 429 by the filter. ${tiers}.`,
    unit: "",
    scale: "linear",
    low: 0,
    high: peak * 1.1,
    isHalf: true,
    curves: scenario.tenants.map(({ name }, i) => {
      return { name, colour: `c-${3 - i}`, values: ours.refusedHz[i]! };
    }),
  };
}

function floodPlot(ours: SideSeries, scenario: Scenario, common: Common): Plot {
  const { name, limitPerSecond } = floodingTenant(scenario);
  const peak = Math.max(10, ...ours.floodAdmittedHz.map((value) => value ?? 0));
  return {
    ...common,
    id: "flood",
    title: `What ${name} got through, per second`,
    note: "The first second of a flood also spends the burst that the bucket had saved.",
    unit: "",
    scale: "linear",
    low: 0,
    high: Math.max(peak, limitPerSecond) * 1.2,
    isHalf: true,
    mark: { value: limitPerSecond, name: `limit ${limitPerSecond}/s` },
    curves: [{ name: `${name}, let through`, colour: "c-with", values: ours.floodAdmittedHz }],
  };
}

function scorePlot(ours: SideSeries, thresholdPermille: number, common: Common): Plot {
  return {
    ...common,
    id: "score",
    title: "Anomaly score",
    note:
      "Of each request that was let through, by the sequence model in the filter: highest and mean of a second. " +
      "It is calm until it has seen enough to judge.",
    unit: "",
    scale: "linear",
    low: 0,
    high: 1000,
    mark: { value: thresholdPermille, name: `threshold ${thresholdPermille} permille` },
    curves: [
      { name: "highest score", colour: "c-with", style: "faint", values: ours.scoreMax },
      { name: "mean score", colour: "c-with", values: ours.scoreMean },
    ],
  };
}
