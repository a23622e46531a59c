// The same bad configurations in a real Envoy with two workers, by extension discovery: what the
// embedded host refused, Envoy's copies of the filter must refuse with the same words, and go on as
// before.

import { readShippedModel } from "../../host-tools/src/lib/shipped-model";
import { httpGet } from "../../host-tools/src/rig";
import type { BenchOptions } from "../bench";
import type { FilterMetrics } from "./filter-metrics";
import { startFilteredEnvoy, type FilteredEnvoy } from "./filtered-envoy";
import type { Refused } from "./hostile-inputs";
import {
  CHOSEN_ARM,
  KEPT_EPOCH,
  OTHER_TIER,
  SPENT_BURST,
  SPENT_TIER,
  TIER_HEADER,
} from "./kept-config";
import { keptJson } from "./kept-config";

export interface EnvoyOutcome {
  readonly tried: number;
  readonly refused: number;
  readonly traps: number;
  readonly lost: number;
  readonly unlogged: number;
  /** A good configuration was taken after all of them. */
  readonly healed: boolean;
  readonly faults: readonly string[];
}

const WORKERS = 2;
/** VMs that stay: one per worker and the main thread's. The canary's counters die with it. */
const VMS = WORKERS + 1;
/** Connections per look: the kernel spreads them over both workers. */
const LOOKS = 8;
const REFUSALS = { name: "ganglion_configs_total", labels: { cause: "refused" } };

/** Sends each input and looks what became of it. */
export async function hostileEnvoy(
  options: BenchOptions,
  inputs: readonly Refused[],
): Promise<EnvoyOutcome> {
  const artifact = await readShippedModel();
  const rig = await startFilteredEnvoy({
    seed: options.seed,
    workers: WORKERS,
    upstreams: ["a", CHOSEN_ARM].map((name) => ({ name, law: { kind: "constant", ms: 1 } })),
    routes: [
      { match: { headers: { "x-ganglion-arm": CHOSEN_ARM } }, cluster: CHOSEN_ARM },
      { cluster: "a" },
    ],
    configurationJson: keptJson(artifact),
    say: options.say,
  });
  try {
    const tally = { tried: 0, refused: 0, traps: 0, lost: 0, unlogged: 0 };
    const faults: string[] = [];
    for (let i = 0; i < SPENT_BURST; i++) await send(rig, SPENT_TIER);
    for (const refused of inputs) {
      const problems = await suffer(rig, refused, tally);
      if (problems.length > 0) faults.push(`envoy: ${refused.input.kind}: ${problems.join("; ")}`);
      if (tally.tried % 10 === 0) options.say(`  ${tally.tried} of ${inputs.length} in Envoy`);
    }
    const healed = await heals(rig, artifact);
    return { ...tally, healed, faults: faults.slice(0, 10) };
  } finally {
    await rig.stop();
  }
}

type Tally = { -readonly [K in "tried" | "refused" | "traps" | "lost" | "unlogged"]: number };

async function suffer(rig: FilteredEnvoy, { input, reason }: Refused, tally: Tally) {
  const problems: string[] = [];
  const before = (await rig.metrics()).sum(REFUSALS.name, REFUSALS.labels);
  const line = `ganglion: refused: ${reason}`;
  const logged = rig.envoy.logLines(line).length;
  await rig.pushAndWait(input.bytes.toString("utf8"));
  const isRefused = await eventually(rig, (metrics) => {
    const errors = metrics.values("ganglion_config_error");
    const count = metrics.sum(REFUSALS.name, REFUSALS.labels) - before;
    return count === VMS && errors.length === VMS && errors.every((value) => value === 1);
  });
  tally.tried++;
  if (isRefused) tally.refused++;
  else problems.push("not refused by all VMs");
  // The canary's line and one per VM that stays.
  if (rig.envoy.logLines(line).length - logged < VMS + 1) {
    tally.unlogged++;
    problems.push(`not logged: ${reason}`);
  }
  const trapLines = rig.envoy.logLines("Function: ").length + (rig.envoy.isRunning ? 0 : 1);
  if (trapLines > tally.traps) {
    tally.traps = trapLines;
    problems.push("trapped");
  }
  const lost = await look(rig);
  if (lost.length > 0) tally.lost++;
  return [...problems, ...lost];
}

/** What a client sees of the good configuration. @returns what is wrong */
async function look(rig: FilteredEnvoy): Promise<string[]> {
  const problems: string[] = [];
  const each = Array.from({ length: LOOKS }, () => 0);
  const spent = await Promise.all(each.map(() => send(rig, SPENT_TIER)));
  const other = await Promise.all(each.map(() => send(rig, OTHER_TIER)));
  const statuses = spent.map(({ status }) => status);
  if (statuses.some((status) => status !== 429)) problems.push(`spent tier got ${statuses.join()}`);
  for (const { status, headers } of other) {
    const arm = headers["x-upstream"];
    const model = headers["x-echo-x-ganglion-model"];
    if (status === 200 && arm === CHOSEN_ARM && model === "1") continue;
    problems.push(`other tier got ${status} from ${String(arm)} with model ${String(model)}`);
  }
  const epochs = (await rig.metrics()).values("ganglion_config_epoch");
  if (epochs.some((epoch) => epoch !== KEPT_EPOCH)) problems.push(`epochs ${epochs.join()}`);
  return problems;
}

async function heals(rig: FilteredEnvoy, artifact: Uint8Array): Promise<boolean> {
  await rig.pushAndWait(keptJson(artifact, KEPT_EPOCH + 1));
  return eventually(rig, (metrics) => {
    const isNew = metrics.values("ganglion_config_epoch").every((epoch) => epoch > KEPT_EPOCH);
    return isNew && metrics.sum("ganglion_config_error") === 0;
  });
}

/** Polls the metrics for a few of the filter's ticks. */
async function eventually(
  rig: FilteredEnvoy,
  condition: (metrics: FilterMetrics) => boolean,
): Promise<boolean> {
  const deadlineMs = performance.now() + 5000;
  while (performance.now() < deadlineMs) {
    if (condition(await rig.metrics())) return true;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  return false;
}

function send(rig: FilteredEnvoy, tier: string) {
  return httpGet(rig.port, "/chat/completions", { headers: { [TIER_HEADER]: tier } });
}
