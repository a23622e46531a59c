// Everything that can go wrong between a pusher and the proxies, on a real control plane, while two
// proxies carry 300 requests/s: images that cannot be fetched, weights that are none, epochs that
// are old, two pushers at once, pushers killed with SIGKILL at every step, a registry that is down,
// an API server that is killed, an istiod that is away for a minute.
//
// Nothing may fail: `failed_requests` counts every request whose answer was not 200. Nothing may be
// half: `half_states` counts states of the object or of its history, out of every one that the API
// server has ever had, that no pusher meant, and epochs that did not rise. Nothing may be lost:
// `lost_updates` counts updates that a pusher reported and the object never had.

import { withModel } from "../host-tools/src/config/plugin-config";
import { readShippedModel } from "../host-tools/src/lib/shipped-model";
import { seededPrng } from "../host-tools/src/lib/prng";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { apiServerKilled, istiodAway, registryDown } from "./mesh-bad/lost-parts";
import { badImages, badWeights, olderEpochs } from "./mesh-bad/refusals";
import { killedPushers, twoPushers } from "./mesh-bad/rivals";
import { Trial } from "./mesh-bad/trial";
import { chatConfig, FilteredMesh } from "./rig/filtered-mesh";
import { MeshLoad } from "./rig/mesh-load";

const PROXIES = 2;
const RATE_HZ = 300;

async function run(options: BenchOptions): Promise<BenchResult> {
  const { say, seed } = options;
  const mesh = await FilteredMesh.start({ seed, proxies: PROXIES, say });
  try {
    const base = await readShippedModel();
    const image = await mesh.pushImage();
    await mesh.cluster.apply({ ...mesh.object(image, withModel(chatConfig(1), base)) });
    const trial = new Trial(mesh, base, image, seededPrng(seed).fork("mesh-bad"), options);
    trial.witness.intend(base);
    trial.witness.start();
    // The first push takes epoch and model over from whoever applied the object.
    await trial.pushWell({ forceConflicts: true });
    const load = await MeshLoad.start(mesh, RATE_HZ, seed);
    const figures: Record<string, unknown> = {};
    for (const part of [
      badImages,
      badWeights,
      olderEpochs,
      twoPushers,
      killedPushers,
      registryDown,
      apiServerKilled,
      istiodAway,
    ]) {
      say(`${part.name} ...`);
      Object.assign(figures, await part(trial));
    }
    await trial.pushWell();
    const result = await load.stop();
    await trial.witness.stop();
    const { witness } = trial;
    for (const problem of [...trial.problems, ...witness.problems]) say(`problem: ${problem}`);
    if (result.failed > 0) say(`failures by status: ${JSON.stringify(result.failures)}`);
    return {
      figures: {
        bench: "mesh-bad",
        seed,
        proxies: PROXIES,
        requests: result.requests,
        failed_requests: result.failed,
        unfiltered_requests: result.unfiltered,
        half_states: witness.halfStates + witness.epochsNotRising,
        lost_updates: witness.lostUpdates,
        unexpected: trial.problems.length,
        ...figures,
      },
    };
  } finally {
    await mesh.stop();
  }
}

export const bench: Bench = {
  name: "mesh-bad",
  summary: "failed requests, half states and lost updates while everything goes wrong",
  run,
};
