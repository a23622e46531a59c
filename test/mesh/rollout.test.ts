// A rollout on a real control plane: the tool's own loop against a real API server, weights through
// istiod into a real Envoy, counts from the filter in it, answers of upstreams whose share of errors
// is exact.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, meshCanRun } from "./rig";
import { RolloutMesh } from "./support/rollout-mesh";

const RATE_HZ = 400;
const MIRRORED_HZ = 100;
/** Errors up to 5 % are the rule's business here, not the guard's. */
const LENIENT = "healthy_error_percent: 5, bad_error_percent: 30";
/** From 1,001 requests on an exact 4.9 % cannot look like more than 5 %, whatever comes first. */
const QUICK =
  "interval_s: 1, step_weights: [30, 60, 100], step_wait_s: 4, request_count_min: 1001, " +
  'match: [{ header: x-canary-user, exact: "true" }]';

describe.runIf(await meshCanRun())("a rollout", () => {
  let rig: RolloutMesh;
  beforeAll(async () => {
    rig = await RolloutMesh.start();
  });
  afterAll(() => rig?.stop());

  /** Rolls out under load with this many errors per thousand answers of both versions. */
  async function underLoad(errorPermille: number) {
    rig.stable.fail(errorPermille);
    rig.canary.fail(errorPermille);
    const before = rig.stable.errors + rig.canary.errors;
    const load = rig.load(RATE_HZ, 1);
    const state = await rig.rollOut();
    const { failed } = await load.stop();
    const injected = rig.stable.errors + rig.canary.errors - before;
    return { state, failedBeside: failed - injected };
  }

  it("takes a canary with 4.9 % errors to the end", async () => {
    await rig.apply({ guard: LENIENT, analysis: QUICK });
    const { state, failedBeside } = await underLoad(49);
    expect(state).toMatchObject({ phase: "completed", weight: 100 });
    expect(state.done.map(({ weight }) => weight)).toEqual([30, 60, 100]);
    expect(failedBeside).toBeLessThanOrEqual(0);
    expect((await rig.get({})).servedBy).toBe("next");
  });

  it("takes a canary with 5.1 % errors back to 100/0", async () => {
    await rig.apply({ guard: LENIENT, analysis: QUICK });
    const { state, failedBeside } = await underLoad(51);
    expect(state).toMatchObject({ phase: "rolled_back", weight: 0, decidedBy: "limit" });
    expect(failedBeside).toBeLessThanOrEqual(0);
    const view = await rig.store.read();
    expect(rig.store.weightIn(view)).toBe(0);
    await rig.untilQuiet();
    for (let i = 0; i < 100; i++) expect((await rig.get({})).servedBy).toBe("one");
  });

  it("holds without requests, and ends without a verdict", async () => {
    await rig.apply({ guard: LENIENT, analysis: `${QUICK}, hold_max_s: 6` });
    const state = await rig.rollOut();
    expect(state).toMatchObject({ phase: "inconclusive", weight: 0, step: 0 });
  });

  it("is ended by the filter's guard within a second with istiod stopped, and written by the tool", async () => {
    await rig.apply({
      guard: "healthy_error_percent: 1, bad_error_percent: 10",
      analysis: "interval_s: 1, step_weights: [50], step_wait_s: 60",
    });
    const load = rig.load(RATE_HZ, 2);
    const running = rig.rollOut();
    await rig.untilServed();
    await rig.mesh.stopIstiod();
    const badMs = performance.now();
    rig.canary.fail(200);
    const state = await running;
    await rig.untilQuiet();
    expect(state).toMatchObject({ phase: "rolled_back", weight: 0 });
    expect(rig.canary.lastRequestMs - badMs).toBeLessThan(1000);
    await load.stop();
    await rig.mesh.startIstiod();
    const killed = (await rig.proxy.prometheus()).match(/ganglion_canary_killed(\{[^}]*\})? (\d)/);
    expect(killed?.[2]).toBe("1");
    await expect(rig.rollOut()).rejects.toMatchObject({ code: "E_ROLLOUT_KILLED" });
  });

  it("sends testers to the canary and splits the rest", async () => {
    await rig.apply({
      guard: LENIENT,
      analysis: QUICK.replace("step_wait_s: 4", "step_wait_s: 60"),
    });
    const stop = new AbortController();
    const running = rig.rollOut(stop.signal);
    const testers = { "x-canary-user": "true" };
    // Several in a row: each worker takes up the new routes in its own time.
    await eventually("testers get the canary", async () => {
      for (let i = 0; i < 20; i++) {
        if ((await rig.get(testers)).servedBy !== "next") return false;
      }
      return true;
    });
    let canary = 0;
    for (let i = 0; i < 400; i++) {
      expect((await rig.get(testers)).servedBy).toBe("next");
      if ((await rig.get({})).servedBy === "next") canary++;
    }
    // 30 % of 400 at random: farther off is rarer than one in ten million.
    expect(Math.abs(canary - 120)).toBeLessThanOrEqual(50);
    stop.abort();
    await running;
    const view = await rig.store.read();
    expect(view.state?.phase).toBe("progressing");
    await rig.order("abort");
    expect(view.object.metadata.managedFields?.map(({ manager }) => manager)).toContain(
      "ganglion-rollout",
    );
  });

  it("keeps a session on the canary by its cookie, and no session of another rollout", async () => {
    const affinity = "session_affinity: { cookie: canary-session }";
    const analysis = QUICK.replace("step_wait_s: 4", "step_wait_s: 60");
    await rig.apply({ guard: LENIENT, analysis: `${analysis}, ${affinity}` });
    const running = rig.rollOut();
    const first = await eventually("a canary's answer with a cookie", async () => {
      const served = await rig.get({});
      return served.servedBy === "next" && served.cookie !== undefined ? served : undefined;
    });
    expect(first.cookie).toMatch(/^canary-session=r\d+; Max-Age=86400; Path=\/; HttpOnly/);
    const [cookie = ""] = (first.cookie ?? "").split(";");
    let elsewhere = 0;
    for (let i = 0; i < 60; i++) {
      expect((await rig.get({ cookie: `a=b; ${cookie}; c=d` })).servedBy).toBe("next");
      if ((await rig.get({ cookie: "canary-session=r0" })).servedBy === "one") elsewhere++;
    }
    // 70 % of 60 at random, where a cookie that was heeded would give 0: fewer are rarer than one in
    // a billion.
    expect(elsewhere).toBeGreaterThan(15);
    await rig.order("abort");
    await running;
  });

  it("copies requests to the canary before it answers any, and stops when the hour's are spent", async () => {
    const mirror = "mirror: { percent: 100, requests_per_hour_max: 200, wait_s: 60 }";
    const analysis = QUICK.replace("step_wait_s: 4", "step_wait_s: 60");
    await rig.apply({ guard: LENIENT, analysis: `${analysis}, ${mirror}` });
    const before = rig.canary.requests;
    const load = rig.load(MIRRORED_HZ, 3);
    const running = rig.rollOut();
    await eventually("copies arrive", async () => rig.canary.requests > before);
    await rig.untilQuiet();
    for (let i = 0; i < 50; i++) expect((await rig.get({})).servedBy).toBe("one");
    const { state } = await rig.store.read();
    expect(state).toMatchObject({ phase: "progressing", step: 0, weight: 0 });
    // Nothing where all are spent; where a few are left, what an hour at this rate may cost.
    expect(state?.mirrorPercent).toBeLessThan(0.1);
    await rig.order("abort");
    await running;
    expect((await load.stop()).failed).toBe(0);
    const copies = rig.canary.requests - before;
    // The cap is kept to within what is copied between two looks and until the routes are there.
    expect(copies).toBeGreaterThan(50);
    expect(copies).toBeLessThan(200 + 10 * MIRRORED_HZ);
  });
});
