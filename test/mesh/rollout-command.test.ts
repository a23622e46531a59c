// `ganglion rollout` as a command on a real API server: killed with SIGKILL in the middle, followed by
// another process, aborted by a third; exit statuses and reports. With the rendered Role alone.

import { spawn, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { yamlText } from "../../host-tools/src/istio/yaml-text";
import { rolloutRoleObjects, rolloutRules } from "../../host-tools/src/rollout/rollout-role";
import { scratchDir } from "../../host-tools/src/rig";
import { eventually, meshCanRun } from "./rig";
import { RolloutMesh, SERVICE } from "./support/rollout-mesh";

const BUNDLE = fileURLToPath(new URL("../../build/ganglion.mjs", import.meta.url));
const LENIENT = "healthy_error_percent: 5, bad_error_percent: 50";
const QUICK = "interval_s: 1, step_weights: [20, 100], step_wait_s: 6, request_count_min: 100";
/** Long enough in a step for what other processes are to do during it, on a slow machine too. */
const AMPLE = QUICK.replace("step_wait_s: 6", "step_wait_s: 20");

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe.runIf(await meshCanRun())("ganglion rollout", () => {
  let rig: RolloutMesh;
  let policy: string;
  /** Of an account that has the rendered Role and nothing else. */
  let kubeconfig: string;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    rig = await RolloutMesh.start();
    policy = join(scratchDir("ganglion-rollout-"), "ganglion.yaml");
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await rig?.stop();
  });

  async function apply(analysis = QUICK): Promise<void> {
    await rig.apply({ guard: LENIENT, analysis });
    writeFileSync(policy, rig.policyText);
    if (kubeconfig !== undefined) return;
    const rules = rolloutRules(rig.plan);
    ({ kubeconfig } = await rig.mesh.account({ name: "roller", namespace: "ai", rules }));
    const [lease] = rolloutRoleObjects(rig.plan, undefined);
    await rig.mesh.apply(yamlText(lease));
  }

  /** Starts the command; `said` is what it has said so far. */
  function start(...args: string[]) {
    const all = [BUNDLE, "rollout", ...args, SERVICE, "-f", policy, "--kubeconfig", kubeconfig];
    const child = spawn(process.execPath, all, { stdio: ["ignore", "pipe", "pipe"] });
    children.push(child);
    const output = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk) => (output.stdout += chunk));
    child.stderr.on("data", (chunk) => (output.stderr += chunk));
    const ended = new Promise<Ended>((resolve) => {
      child.on("close", (status) => resolve({ status, ...output }));
    });
    return { child, ended, said: () => output.stderr };
  }

  /** What it says of a check comes before the check is kept; what is kept outlives it. */
  function untilJudged(): Promise<unknown> {
    return eventually("a judged check that is kept", async () => {
      const kept = await rig.keptCheck();
      return kept?.phase === "progressing" && kept.counts.canary.requests >= 100;
    });
  }

  it("is finished by the next process after SIGKILL, with the same rollout", async () => {
    await apply(AMPLE);
    const load = rig.load(300, 1);
    const first = start("start");
    await untilJudged();
    first.child.kill("SIGKILL");
    await first.ended;
    const status = await start("status", "-o", "json").ended;
    const before = JSON.parse(status.stdout);
    expect(before).toMatchObject({ phase: "progressing", weight_percent: 20 });
    expect(before.steps[0].canary.requests).toBeGreaterThanOrEqual(100);
    const refused = await start("start").ended;
    expect(refused.stderr).toContain("code: E_ROLLOUT_UNDERWAY");
    const { status: exit, stdout } = await start("run", "-o", "json").ended;
    expect(exit).toBe(0);
    const after = JSON.parse(stdout);
    expect(after).toMatchObject({
      rollout: before.rollout,
      phase: "completed",
      weight_percent: 100,
    });
    // The figures of the step go on; what nobody has watched is said.
    const { canary, unwatched_s: unwatchedS } = after.steps[0];
    expect(canary.requests).toBeGreaterThanOrEqual(before.steps[0].canary.requests);
    expect(unwatchedS).toBeGreaterThanOrEqual(15);
    expect((await load.stop()).failed).toBe(0);
  });

  it("tells by status what a guard has done while no tool runs, and the next tool writes it", async () => {
    await apply();
    const load = rig.load(300, 4);
    const first = start("start");
    await eventually("a judged check", async () => first.said().includes("weight 20: canary"));
    first.child.kill("SIGKILL");
    await first.ended;
    rig.canary.fail(300);
    const killed = await eventually("a kill that status tells of", async () => {
      const { stdout } = await start("status", "-o", "json").ended;
      const [kill] = JSON.parse(stdout).guard?.killed ?? [];
      return kill as { route: string; at: string; answers: number; errors: number } | undefined;
    });
    expect(killed).toMatchObject({ route: "chat" });
    expect(killed.errors).toBeGreaterThan(0);
    expect(killed.answers).toBeGreaterThanOrEqual(killed.errors);
    expect(Math.abs(Date.parse(killed.at) - Date.now())).toBeLessThan(10 * 60_000);
    const { status, stdout } = await start("run", "-o", "json").ended;
    expect(status).toBe(80);
    expect(JSON.parse(stdout)).toMatchObject({ decided_by: "guard", weight_percent: 0 });
    await load.stop();
  });

  it("exits with 80 when another process aborts it, and reports in Markdown", async () => {
    await apply(AMPLE);
    const load = rig.load(300, 2);
    const running = start("start", "-o", "markdown");
    await eventually("a judged check", async () => running.said().includes("weight 20: canary"));
    const paused = await start("pause").ended;
    expect(paused).toMatchObject({ status: 0, stdout: "" });
    const aborted = await start("abort").ended;
    expect(aborted.stderr).toContain("aborted by the operator, weight 0");
    const { status, stdout } = await running.ended;
    expect(status).toBe(80);
    expect(stdout).toContain("# Rollout of next for llm-service: rolled back");
    expect(stdout).toContain("Decided by: operator.");
    expect((await load.stop()).failed).toBe(0);
  });

  it("exits with 80 for a bad canary, and with 81 where it was never asked anything", async () => {
    await apply();
    rig.canary.fail(300);
    const load = rig.load(300, 3);
    const { status, stdout } = await start("start", "-o", "json").ended;
    expect(status).toBe(80);
    // A job that is started again tells the end; it does not try the bad canary again.
    expect((await start("run", "-o", "json").ended).status).toBe(80);
    // Which of the two is first depends on when the check falls due.
    expect(JSON.parse(stdout).decided_by).toMatch(/^(comparison|guard)$/);
    expect(JSON.parse(stdout)).toMatchObject({ phase: "rolled_back", weight_percent: 0 });
    await load.stop();
    await rig.apply({ guard: LENIENT, analysis: `${QUICK}, hold_max_s: 3` });
    writeFileSync(policy, rig.policyText);
    const held = await start("start").ended;
    expect(held.status).toBe(81);
    expect(held.stdout).toContain("inconclusive at 0 %");
  });
});
