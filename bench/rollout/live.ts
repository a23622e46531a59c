// The live half: the tool's own loop against a real API server and istiod, weights into a real Envoy
// with the filter in it. Times are scaled down, everything else is as in production.

import { RolloutMesh } from "../../test/mesh/support/rollout-mesh";

/** Shares of errors up to 5 % are the rule's business in these runs, not the guard's. */
const LENIENT = "healthy_error_percent: 5, bad_error_percent: 30";
const RATE_HZ = 500;
/** From so many on an exact 4.9 % cannot look like more than 5 %, whichever answer comes first. */
const REQUESTS_MIN = 1001;

export interface LiveFigures {
  readonly completes_at_4_9: boolean;
  readonly rolls_back_at_5_1: boolean;
  readonly holds_without_data: boolean;
  /** Of all live runs: answers that were not 200 and that no version was told to give. */
  readonly failed_requests: number;
  readonly requests: number;
  /** From the write of 100/0 to the canary's last request. */
  readonly rollback_ms: number;
  /** From the canary's first failure to its last request, with istiod stopped. */
  readonly kill_ms: number;
  readonly kill_errors: number;
}

export async function measureLive(
  seed: number,
  quick: boolean,
  say: (line: string) => void,
): Promise<LiveFigures> {
  const rig = await RolloutMesh.start(say);
  try {
    const steps = quick ? "step_weights: [50, 100], " : "";
    const analysis = `${steps}interval_s: 1, step_wait_s: 4, request_count_min: ${REQUESTS_MIN}`;
    const completes = await withErrors(rig, analysis, 49, seed, say);
    const rollsBack = await withErrors(rig, analysis, 51, seed, say);
    say("without requests");
    await rig.apply({ guard: LENIENT, analysis: `${analysis}, hold_max_s: 8` });
    const held = await rig.rollOut();
    const back = await measureRollback(rig, seed, say);
    const kill = await measureKill(rig, seed, say);
    return {
      completes_at_4_9: completes.state.phase === "completed" && completes.state.weight === 100,
      rolls_back_at_5_1: rollsBack.state.phase === "rolled_back" && rollsBack.state.weight === 0,
      holds_without_data: held.phase === "inconclusive" && held.step === 0 && held.weight === 0,
      failed_requests: failedIn([completes, rollsBack, back, kill]),
      requests: [completes, rollsBack, back, kill].reduce((sum, one) => sum + one.requests, 0),
      rollback_ms: back.rollbackMs,
      kill_ms: kill.killMs,
      kill_errors: kill.errors,
    };
  } finally {
    await rig.stop();
  }
}

/** Both versions fail this often; a whole rollout under load. */
async function withErrors(
  rig: RolloutMesh,
  analysis: string,
  permille: number,
  seed: number,
  say: (line: string) => void,
) {
  say(`both versions with ${permille / 10} % errors`);
  await rig.apply({ guard: LENIENT, analysis });
  for (const upstream of [rig.stable, rig.canary]) upstream.fail(permille);
  const load = measured(rig, seed);
  const state = await rig.rollOut();
  return { state, ...(await load.stop()) };
}

interface Measured {
  readonly requests: number;
  readonly failed: number;
  /** Answers that a version was told to spoil. */
  readonly errors: number;
}

function measured(rig: RolloutMesh, seed: number): { stop(): Promise<Measured> } {
  const told = (): number => rig.stable.errors + rig.canary.errors;
  const before = told();
  const load = rig.load(RATE_HZ, seed);
  return { stop: async () => ({ ...(await load.stop()), errors: told() - before }) };
}

/** A request that was cut off with the load may have been spoilt and never seen. */
function failedIn(runs: readonly Measured[]): number {
  return runs.reduce((sum, { failed, errors }) => sum + Math.max(0, failed - errors), 0);
}

/** No version fails; half of the traffic is taken back from the canary in one write. */
async function measureRollback(rig: RolloutMesh, seed: number, say: (line: string) => void) {
  say(`rollback at ${RATE_HZ} requests/s`);
  await rig.apply({ guard: LENIENT, analysis: "interval_s: 1, step_weights: [50]" });
  const load = measured(rig, seed);
  const running = rig.rollOut();
  await rig.untilServed();
  await pause(5000);
  const writtenMs = performance.now();
  await rig.order("abort");
  const state = await running;
  await rig.untilQuiet();
  await pause(3000);
  const counted = await load.stop();
  if (state.phase !== "rolled_back") throw new Error(`the rollout is ${state.phase}`);
  return { ...counted, rollbackMs: Math.round(rig.canary.lastRequestMs - writtenMs) };
}

/** The canary gets half of the traffic and begins to fail one in five; istiod is stopped. */
async function measureKill(rig: RolloutMesh, seed: number, say: (line: string) => void) {
  say("kill with istiod stopped");
  await rig.apply({
    guard: "healthy_error_percent: 1, bad_error_percent: 10",
    analysis: "interval_s: 1, step_weights: [50]",
  });
  const load = measured(rig, seed);
  const running = rig.rollOut();
  await rig.untilServed();
  await rig.mesh.stopIstiod();
  await pause(1000);
  const badMs = performance.now();
  rig.canary.fail(200);
  const state = await running;
  await rig.untilQuiet();
  const counted = await load.stop();
  if (state.decidedBy !== "guard") throw new Error(`${state.decidedBy} was before the guard`);
  return { ...counted, killMs: Math.round(rig.canary.lastRequestMs - badMs) };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
