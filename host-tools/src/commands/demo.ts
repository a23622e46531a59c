// `ganglion demo`: the scenario with and without the filter, watched as it runs, and a report of it.

import { resolve } from "node:path";
import { chooseEngine, engineTitle, type EngineChoice } from "../demo/choose-engine";
import { demoConfiguration } from "../demo/demo-policy";
import { demoResult } from "../demo/demo-result";
import { makeDemoTraffic, TRACE } from "../demo/demo-traffic";
import { runEmbedded } from "../demo/embedded-engine";
import { runOnEnvoy, WORKERS, type EngineInput } from "../demo/envoy-engine";
import { whole } from "../demo/live-frame";
import { LiveState } from "../demo/live-state";
import { openView, type LiveView } from "../demo/live-view";
import { buildScenario } from "../demo/scenario";
import { summaryText } from "../demo/summary-table";
import { ExitCode } from "../lib/errors";
import { writeFileAtomically, writeOutput } from "../lib/output";
import { paint, say } from "../lib/talk";
import { VERSION } from "../lib/version";
import { demoReport } from "../report/demo-report";
import { beforeSignalExit } from "../rig/process-guard";

export interface DemoOptions {
  readonly engine: EngineChoice;
  readonly seed: number;
  /** Seconds of traffic. */
  readonly duration: number;
  /** Place of the report. */
  readonly output: string;
  readonly json?: boolean;
}

/** @throws GanglionError where the engine asked for is not to be had */
export async function runDemo(options: DemoOptions): Promise<ExitCode> {
  const { seed } = options;
  const scenario = buildScenario(options.duration);
  const configuration = await demoConfiguration(scenario);
  const engine = await chooseEngine(options.engine, say);
  const traffic = makeDemoTraffic(scenario, seed);
  const { model } = configuration;
  const count = traffic.columns.intendedMs.length;
  const origin = traffic.source === "recorded" ? "from the recorded" : "generated after the";
  say(`${whole(count)} requests in ${options.duration} s, ${origin} ${TRACE} trace, to both sides`);
  const state = new LiveState(scenario);
  const head = {
    engine: `${engineTitle(engine.facts)}, ${WORKERS} workers`,
    model: `${model.name} v${model.model_version}`,
    seed,
  };
  let view: LiveView | undefined;
  const restore = beforeSignalExit(() => view?.close());
  const open = (): void => void (view = openView(process.stderr, state, head));
  const input: EngineInput = {
    scenario,
    traffic,
    configuration,
    seed,
    onProgress(progress) {
      state.add(progress);
      view?.update();
    },
  };
  try {
    const output =
      engine.binary === undefined
        ? await runEmbedded(input, open)
        : await runOnEnvoy(input, engine.binary, open);
    view?.close();
    const facts = { scenario, traffic, configuration, engine: engine.facts, output, seed };
    const result = demoResult({ ...facts, toolVersion: VERSION });
    await writeFileAtomically(
      options.output,
      demoReport({ result, scenario, output, configuration }),
    );
    await writeOutput(
      options.json ? `${JSON.stringify(result)}\n` : `\n${summaryText(result)}`,
      undefined,
    );
    say(`\n${paint.good("report")}: ${resolve(options.output)}`);
    return ExitCode.ok;
  } finally {
    view?.close();
    restore();
  }
}
