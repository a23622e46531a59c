// The demo's result: what `--json` prints and what the table and the report are made of. Keys in
// snake_case with their unit, like everything that the tool prints for machines.

import type { DemoConfiguration } from "./demo-policy";
import type { DemoTraffic } from "./demo-traffic";
import { TRACE } from "./demo-traffic";
import type { EngineOutput } from "./envoy-engine";
import { WORKERS } from "./envoy-engine";
import { losses } from "./losses";
import { floodFigures, sideFigures, type FloodFigures, type SideFigures } from "./measure";
import type { Scenario } from "./scenario";

export interface EngineFacts {
  readonly name: "envoy" | "embedded";
  /** Of the Envoy; of Node's V8 for the embedded host. */
  readonly version: string;
  /** Where the Envoy was found; `bundle` for the embedded host. */
  readonly source: string;
}

export interface DemoResult {
  readonly engine: EngineFacts & { readonly workers: number };
  readonly tool_version: string;
  readonly seed: number;
  readonly traffic: {
    readonly trace: string;
    readonly source: "recorded" | "fitted";
    readonly requests: number;
    readonly duration_s: number;
  };
  readonly model: { readonly name: string; readonly version: number; readonly sha256: string };
  readonly phases: readonly { name: string; story: string; from_s: number; until_s: number }[];
  readonly slow_arm: { readonly name: string; readonly factor: number };
  readonly flood: FloodFigures;
  readonly with_filter: SideFigures;
  readonly without_filter: SideFigures;
  /** Where the filter did worse, or less than could be wished; sentences. */
  readonly losses: readonly string[];
}

export interface ResultInput {
  readonly scenario: Scenario;
  readonly traffic: DemoTraffic;
  readonly configuration: DemoConfiguration;
  readonly engine: EngineFacts;
  readonly output: EngineOutput;
  readonly seed: number;
  readonly toolVersion: string;
}

export function demoResult(input: ResultInput): DemoResult {
  const { scenario, traffic, configuration, engine, output, seed } = input;
  const { model } = configuration;
  const withFilter = sideFigures(output.with, scenario);
  const without = sideFigures(output.without, scenario);
  const flood = floodFigures(output.with, scenario);
  return {
    engine: { ...engine, workers: WORKERS },
    tool_version: input.toolVersion,
    seed,
    traffic: {
      trace: TRACE,
      source: traffic.source,
      requests: traffic.columns.intendedMs.length,
      duration_s: scenario.durationMs / 1000,
    },
    model: { name: model.name, version: model.model_version, sha256: model.sha256 },
    phases: scenario.phases.map(({ name, story, fromMs, untilMs }) => {
      return { name, story, from_s: fromMs / 1000, until_s: untilMs / 1000 };
    }),
    slow_arm: { name: scenario.slowArm, factor: scenario.slowFactor },
    flood,
    with_filter: withFilter,
    without_filter: without,
    losses: losses(scenario, withFilter, without, flood),
  };
}
