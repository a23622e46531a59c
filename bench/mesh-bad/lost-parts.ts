// Parts of the way that go down under a push, and come back.

import { ClusterError } from "../../host-tools/src/cluster";
import { changeWeights } from "../../host-tools/src/weights/change-weights";
import { pushPlan } from "../../host-tools/src/weights/plans";
import { FILTER, NAMESPACE } from "../rig/filtered-mesh";
import { changePorts, push } from "../rig/mesh-pusher";
import { pause, type Trial } from "./trial";

const PLACE = { namespace: NAMESPACE, name: FILTER } as const;
const ISTIOD_AWAY_MS = 60_000;
/** A start takes an API server seconds, and half a minute on a busy machine. */
const API_SERVER_BACK_MS = 120_000;

/** The registry is down: the push is refused, and goes through once it is back. */
export async function registryDown(trial: Trial): Promise<Record<string, unknown>> {
  const { registry } = trial.mesh.mesh;
  await registry.stop();
  const attempt = () =>
    push(trial.mesh.cluster, pushPlan({ artifact: trial.newModel() }), { seed: 1, waitMs: 0 });
  const refused = await trial.refused("E_IMAGE_FETCH", attempt);
  await registry.start();
  const { result } = await trial.pushWell();
  return { registry_down_refused: refused, registry_back: result };
}

/** The API server is killed under a push: the push bridges it, or says so and is made again. */
export async function apiServerKilled(trial: Trial): Promise<Record<string, unknown>> {
  const { mesh, cluster } = trial.mesh;
  const artifact = trial.newModel();
  const lastMs = performance.now() + API_SERVER_BACK_MS;
  const restarting = mesh.restartApiServer("kill");
  let tries = 0;
  for (;;) {
    tries += 1;
    try {
      const ports = changePorts(cluster, { seed: tries, waitMs: 0 });
      const { generation } = await changeWeights(ports, pushPlan({ artifact }), { place: PLACE });
      trial.witness.report(generation.epoch, artifact);
      break;
    } catch (error) {
      const wasDown = error instanceof ClusterError && performance.now() < lastMs;
      if (!wasDown) throw error;
      trial.options.say(`  ${error.code}: again`);
      await pause(500);
    }
  }
  await restarting;
  const { result } = await trial.pushWell();
  return { api_server_killed_tries: tries, api_server_back: result };
}

/** istiod is away: a push is applied and NOT EFFECTIVE, traffic goes on, and istiod catches up. */
export async function istiodAway(trial: Trial): Promise<Record<string, unknown>> {
  const { mesh, cluster } = trial.mesh;
  const awayMs = trial.quick ? 5_000 : ISTIOD_AWAY_MS;
  const startedMs = performance.now();
  await mesh.stopIstiod();
  const artifact = trial.newModel();
  const plan = pushPlan({ artifact });
  const outcome = await push(cluster, plan, { seed: 1, waitMs: 3_000 });
  trial.witness.report(outcome.changed.generation.epoch, artifact);
  trial.expect(outcome.result === "not-effective", `without istiod a push was ${outcome.result}`);
  await pause(awayMs - (performance.now() - startedMs));
  await mesh.startIstiod();
  const backMs = performance.now();
  const { result } = await trial.pushWell();
  return {
    istiod_away_s: Math.round((backMs - startedMs) / 1000),
    istiod_away_push: outcome.result,
    istiod_back: result,
    istiod_back_effective_ms: Math.round(performance.now() - backMs),
  };
}
