// `ganglion weights status`: what the object says, and what the proxies say. Exit status 81 where
// they do not agree.

import { objectName } from "../cluster";
import { ExitCode } from "../lib/errors";
import { writeOutput } from "../lib/output";
import { paint, say } from "../lib/talk";
import { awaitEffect } from "../weights/fleet";
import { artifactDigest, artifactVersion, liveGeneration } from "../weights/generation";
import { readLiveFilter } from "../weights/live-filter";
import { gitOpsOwner } from "../weights/ownership";
import { count, proxiesJson, sayProxies } from "../weights/report";
import { type FleetOptions, openSession, type TargetOptions } from "../weights/session";

export interface StatusOptions extends TargetOptions, FleetOptions {
  readonly output: "text" | "json";
}

export async function runWeightsStatus(options: StatusOptions): Promise<ExitCode> {
  const { cluster, place, fleetOf, ports } = await openSession(options, options);
  const live = await readLiveFilter(cluster, place);
  const { epoch, artifact, mode = "enforce", vmGeneration } = liveGeneration(live);
  const fleet = fleetOf(live);
  const look = { epoch, withinMs: 0 };
  await awaitEffect(fleet, ports.clock, look);
  // One look shows a dead worker among living ones; that all are dead shows only in two.
  await ports.clock.sleep(Math.min(fleet.source.silenceMs, 3_000));
  const state = await awaitEffect(fleet, ports.clock, look);
  const owner = gitOpsOwner(live.object);
  if (options.output === "json") {
    const status = {
      object: objectName(live.key),
      epoch,
      sha256: artifactDigest(artifact),
      model_version: artifactVersion(artifact),
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
    say(`  mode           ${mode}`);
    if (vmGeneration > 0) say(`  VM generation  ${vmGeneration}`);
    if (owner !== undefined) say(`  owner          ${owner}`);
    say(`${count(state)} run it${state.effective ? "" : paint.bad("  NOT EFFECTIVE")}`);
    sayProxies(state);
  }
  return state.effective ? ExitCode.ok : ExitCode.inconclusive;
}
