// `ganglion weights status`: what the object says, and what the proxies say. Exit status 81 where
// they do not agree.

import { gitOpsOwner, objectName } from "../cluster";
import { ExitCode } from "../lib/errors";
import { writeOutput } from "../lib/output";
import { stdoutPaint } from "../lib/talk";
import { explained, fleetEpoch, type FleetState, readFleet, type Seen } from "../weights/fleet";
import { artifactDigest, artifactVersion, liveGeneration } from "../weights/generation";
import { type LiveFilter, readLiveFilter } from "../weights/live-filter";
import { count, fleetJson, proxyLines } from "../weights/report";
import { type FleetOptions, openSession, type TargetOptions } from "../weights/session";

export interface StatusOptions extends TargetOptions, FleetOptions {
  readonly output: "text" | "json";
}

const LOOK_AGAIN_MS_MAX = 3_000;

export async function runWeightsStatus(options: StatusOptions): Promise<ExitCode> {
  const { cluster, place, fleetOf, ports } = await openSession(options, options);
  const live = await readLiveFilter(cluster, place);
  const { epoch, artifact, modelMode, vmGeneration } = liveGeneration(live);
  const fleet = fleetOf(live);
  // One look shows a dead worker among living ones; that all are dead shows only in two.
  const seen = new Map<string, Seen>();
  await readFleet(fleet, epoch, ports.clock, seen);
  await ports.clock.sleep(Math.min(fleet.source.silenceMs, LOOK_AGAIN_MS_MAX));
  const looked = await readFleet(fleet, epoch, ports.clock, seen);
  // Proxies ignore what is older than what they run: an object that was put back by hand does nothing.
  const running = fleetEpoch(looked);
  const isAhead = running > epoch;
  const state = await explained(fleet, isAhead ? { ...looked, effective: false } : looked);
  const owner = gitOpsOwner(live.object);
  if (options.output === "json") {
    const status = {
      object: objectName(live.key),
      epoch,
      sha256: artifactDigest(artifact),
      model_version: artifactVersion(artifact),
      model_mode: modelMode,
      mode: live.mode,
      vm_generation: vmGeneration,
      ...(owner === undefined ? {} : { owner }),
      effective: state.effective,
      ...fleetJson(state),
    };
    await writeOutput(`${JSON.stringify(status)}\n`, undefined);
  } else {
    const lines = [...statusLines(live, owner), ...effectLines(state)];
    if (isAhead) {
      lines.push(`proxies run epoch ${running} already and ignore epoch ${epoch}: push again`);
    }
    await writeOutput(lines.map((line) => `${line}\n`).join(""), undefined);
  }
  return state.effective ? ExitCode.ok : ExitCode.inconclusive;
}

function statusLines(live: LiveFilter, owner: string | undefined): string[] {
  const { epoch, mode, vmGeneration } = live;
  const { artifact, modelMode } = liveGeneration(live);
  const digest = artifactDigest(artifact).slice(0, 12);
  const model =
    artifact === undefined
      ? "none"
      : `version ${artifactVersion(artifact)}, ${digest}, mode ${modelMode}`;
  return [
    objectName(live.key),
    `  epoch          ${epoch}`,
    `  model          ${model}`,
    `  mode           ${mode}${mode === "shadow" ? ": limits, arms and model only count" : ""}`,
    ...(vmGeneration > 0 ? [`  VM generation  ${vmGeneration}`] : []),
    ...(owner === undefined ? [] : [`  owner          ${owner}`]),
  ];
}

function effectLines(state: FleetState): string[] {
  const colours = stdoutPaint();
  return [
    `${count(state)} run it${state.effective ? "" : colours.bad("  NOT EFFECTIVE")}`,
    ...proxyLines(state, colours),
  ];
}
