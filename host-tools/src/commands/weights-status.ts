// `ganglion weights status`: what the object says, and what the proxies say. Exit status 81 where
// they do not agree.

import { gitOpsOwner, objectName } from "../cluster";
import { ExitCode } from "../lib/errors";
import { writeOutput } from "../lib/output";
import { paint, say } from "../lib/talk";
import { fleetEpoch, readFleet, type Seen } from "../weights/fleet";
import { artifactDigest, artifactVersion, liveGeneration } from "../weights/generation";
import { readLiveFilter } from "../weights/live-filter";
import { count, proxiesJson, sayProxies } from "../weights/report";
import { type FleetOptions, openSession, type TargetOptions } from "../weights/session";

export interface StatusOptions extends TargetOptions, FleetOptions {
  readonly output: "text" | "json";
}

const LOOK_AGAIN_MS_MAX = 3_000;

export async function runWeightsStatus(options: StatusOptions): Promise<ExitCode> {
  const { cluster, place, fleetOf, ports } = await openSession(options, options);
  const live = await readLiveFilter(cluster, place);
  const { epoch, artifact, modelMode, vmGeneration } = liveGeneration(live);
  const { mode = "shadow" } = live.config;
  const fleet = fleetOf(live);
  // One look shows a dead worker among living ones; that all are dead shows only in two.
  const seen = new Map<string, Seen>();
  await readFleet(fleet, epoch, ports.clock, seen);
  await ports.clock.sleep(Math.min(fleet.source.silenceMs, LOOK_AGAIN_MS_MAX));
  const looked = await readFleet(fleet, epoch, ports.clock, seen);
  // Proxies ignore what is older than what they run: an object that was put back by hand does nothing.
  const ahead = fleetEpoch(looked) > epoch;
  const state = ahead ? { ...looked, effective: false } : looked;
  const owner = gitOpsOwner(live.object);
  if (options.output === "json") {
    const status = {
      object: objectName(live.key),
      epoch,
      sha256: artifactDigest(artifact),
      model_version: artifactVersion(artifact),
      model_mode: modelMode,
      mode,
      vm_generation: vmGeneration,
      ...(owner === undefined ? {} : { owner }),
      effective: state.effective,
      proxies: proxiesJson(state),
    };
    await writeOutput(`${JSON.stringify(status)}\n`, undefined);
  } else {
    say(objectName(live.key));
    say(`  epoch          ${epoch}`);
    say(
      `  model          version ${artifactVersion(artifact)}, ${artifactDigest(artifact).slice(0, 12)}`,
    );
    if (artifact !== undefined) say(`  model mode     ${modelMode}`);
    say(`  mode           ${mode}${mode === "shadow" ? ", of limits and arms too" : ""}`);
    if (vmGeneration > 0) say(`  VM generation  ${vmGeneration}`);
    if (owner !== undefined) say(`  owner          ${owner}`);
    say(`${count(state)} run it${state.effective ? "" : paint.bad("  NOT EFFECTIVE")}`);
    sayProxies(state);
    if (ahead)
      say(`proxies run epoch ${fleetEpoch(state)} already and ignore epoch ${epoch}: push again`);
  }
  return state.effective ? ExitCode.ok : ExitCode.inconclusive;
}
