// Pushers that get in each other's way, and pushers that die.

import { changeWeights } from "../../host-tools/src/weights/change-weights";
import { pushPlan } from "../../host-tools/src/weights/plans";
import { readFilterModule } from "../../host-tools/src/lib/filter-module";
import { dyingPush, killPoints } from "../rig/dying-pushes";
import { FILTER, NAMESPACE } from "../rig/filtered-mesh";
import { changePorts } from "../rig/mesh-pusher";
import { connectCluster } from "../../host-tools/src/cluster";
import type { Trial } from "./trial";

const ROUNDS = 100;
const PLACE = { namespace: NAMESPACE, name: FILTER } as const;

/** Two pushers at once, each with a client of its own, over and over. */
export async function twoPushers(trial: Trial): Promise<Record<string, unknown>> {
  const rounds = trial.quick ? 10 : ROUNDS;
  const module = await readFilterModule();
  const { kubeconfig } = trial.mesh.mesh;
  const clusters = await Promise.all(
    [0, 1].map(() => connectCluster({ kubeconfig, namespace: NAMESPACE })),
  );
  let collisions = 0;
  for (let round = 0; round < rounds; round++) {
    await Promise.all(
      clusters.map(async (cluster) => {
        const artifact = trial.newModel();
        // The image is looked at in other parts; here it would only keep the two apart.
        const ports = {
          ...changePorts(cluster, { seed: trial.random.u32(), waitMs: 0 }),
          fetchModule: () => Promise.resolve(module),
        };
        const { generation, rounds: needed } = await changeWeights(ports, pushPlan({ artifact }), {
          place: PLACE,
        });
        collisions += needed - 1;
        trial.witness.report(generation.epoch, artifact);
      }),
    );
  }
  trial.expect(collisions > 0, "the two pushers never met");
  return { pusher_rounds: rounds, collisions };
}

/** Each killed somewhere else; after each a push of the same artifact must bring it in. */
export async function killedPushers(trial: Trial): Promise<Record<string, unknown>> {
  const points = killPoints(trial.quick);
  let killed = 0;
  let tookEffect = 0;
  for (const [i, point] of points.entries()) {
    const before = await trial.live();
    const artifact = trial.newModel();
    const dead = await dyingPush(trial.mesh.mesh.kubeconfig, artifact, point, i);
    if (dead.killed) killed += 1;
    if (dead.doneEpoch !== undefined) trial.witness.report(dead.doneEpoch, artifact);
    const after = await trial.live();
    if (after.epoch > before.epoch) tookEffect += 1;
    const ports = changePorts(trial.mesh.cluster, { seed: i, waitMs: 0 });
    const again = await changeWeights(ports, pushPlan({ artifact }), { place: PLACE });
    trial.witness.report(again.generation.epoch, artifact);
    trial.expect(again.generation.epoch > after.epoch, `no convergence after ${point.step}`);
  }
  return { kill_points: points.length, killed, killed_after_effect: tookEffect };
}
