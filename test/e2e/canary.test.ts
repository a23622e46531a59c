// The guard of a canary in a real Envoy that splits the traffic, with two workers and no control plane:
// whatever way a canary fails, requests stop going to it within a second of the verdict.

import { afterEach, describe, expect, it, type TestContext } from "vitest";
import { startFilteredEnvoy, type FilteredEnvoy } from "../../bench/rig/filtered-envoy";
import { canonicalJson, type CanaryConfig } from "../../host-tools/src/config/plugin-config";
import { httpGet, type RouteSpec } from "../../host-tools/src/rig";
import type { Fault } from "../../host-tools/src/rig/upstream/fault-schedule";
import { envoyOrSkip } from "./rig/envoy-or-skip";

const STABLE = "outbound|80|v1|llm.ai.svc.cluster.local";
const CANARY = "outbound|80|v2|llm.ai.svc.cluster.local";
const GUARD: CanaryConfig = {
  id: "v2",
  stable: "v1",
  cluster: "outbound|*|v2|llm.ai.svc.cluster.local",
};

/** As a VirtualService has them: the veto, testers, the split. */
const SPLIT: readonly RouteSpec[] = [
  { name: "veto", match: { headers: { "x-ganglion-arm": "v1" } }, cluster: STABLE },
  { name: "testers", match: { headers: { "x-canary-user": "true" } }, cluster: CANARY },
  { name: "split", weights: { [STABLE]: 50, [CANARY]: 50 } },
];
/** A canary that never answers has to be given up soon; all others answer, on a busy machine later. */
const routesFor = (fault: Partial<Fault>): RouteSpec[] =>
  SPLIT.map((route) => {
    const givesUp = fault.blackHole === true && route.name !== "veto";
    return { ...route, timeoutMs: givesUp ? 300 : 30_000 };
  });

let rig: FilteredEnvoy | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

async function start(
  context: TestContext,
  fault: Partial<Fault>,
  canary: CanaryConfig = GUARD,
): Promise<FilteredEnvoy> {
  await envoyOrSkip(context);
  const law = { kind: "constant", ms: 1 } as const;
  const always = { atMs: 0, untilMs: 3_600_000, ...fault };
  const config = { version: 1, epoch: 1, mode: "enforce", routes: [{ name: "chat", canary }] };
  rig = await startFilteredEnvoy({
    seed: 1,
    workers: 2,
    upstreams: [
      { name: STABLE, law },
      { name: CANARY, law, faults: [always] },
    ],
    routes: routesFor(fault),
    configurationJson: canonicalJson(config),
  });
  await rig.upstreams.start();
  return rig;
}

/** Eight requests at once, each on a connection of its own: they reach both workers. */
function round(proxy: FilteredEnvoy, headers: Record<string, string> = {}) {
  const one = () => httpGet(proxy.port, "/chat", { headers });
  return Promise.all(Array.from({ length: 8 }, one));
}

async function canaryRequests(proxy: FilteredEnvoy): Promise<number> {
  return (await proxy.upstreams.counts())[CANARY]?.requests ?? 0;
}

async function canaryRequestsOfTenRounds(proxy: FilteredEnvoy): Promise<number> {
  const before = await canaryRequests(proxy);
  for (let i = 0; i < 10; i++) await round(proxy);
  return (await canaryRequests(proxy)) - before;
}

/** Rounds until one worker has said that it killed the canary. @returns performance.now() then */
async function untilKilled(proxy: FilteredEnvoy): Promise<number> {
  for (let rounds = 0; rounds < 60; rounds++) {
    await round(proxy);
    if (proxy.envoy.logLines("canary killed").length > 0) return performance.now();
  }
  throw new Error("not killed after 480 requests");
}

describe("a canary that fails", () => {
  it.for<[string, Partial<Fault>]>([
    ["answers 503", { errorPermille: 1000 }],
    ["answers 500 to one in three", { errorPermille: 333, errorStatus: 500 }],
    ["resets the connection", { resetPermille: 1000 }],
    ["never answers", { blackHole: true }],
  ])("that %s gets no request a second later, from testers neither", async ([, fault], context) => {
    const proxy = await start(context, fault);
    const killedMs = await untilKilled(proxy);
    while (performance.now() - killedMs < 1000) await round(proxy);
    const before = await canaryRequests(proxy);
    expect(before).toBeGreaterThanOrEqual(10);
    const replies = [];
    for (let i = 0; i < 25; i++) {
      replies.push(...(await round(proxy)), ...(await round(proxy, { "x-canary-user": "true" })));
    }
    expect(await canaryRequests(proxy)).toBe(before);
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    for (const { headers } of replies) {
      expect(headers).toMatchObject({
        "x-upstream": STABLE,
        "x-echo-x-ganglion-arm": "v1",
        "x-echo-x-ganglion-reason": "canary_killed",
      });
    }
    const metrics = await proxy.metrics();
    expect(metrics.values("ganglion_canary_killed", { route: "chat" })).toEqual([1]);
  });

  it("is let in again under another revision, and not by a new epoch", async (context) => {
    const proxy = await start(context, { errorPermille: 1000 });
    await untilKilled(proxy);
    await proxy.upstreams.configure(CANARY, { faults: [] });
    const push = (epoch: number, id: string) => {
      const routes = [{ name: "chat", canary: { ...GUARD, id } }];
      return proxy.pushAndWait(canonicalJson({ version: 1, epoch, mode: "enforce", routes }));
    };
    await push(2, "v2");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await canaryRequestsOfTenRounds(proxy)).toBe(0);
    await push(3, "v2-again");
    // Half of 80; a worker may take up the configuration a moment later.
    await expect
      .poll(() => canaryRequestsOfTenRounds(proxy), { timeout: 60_000 })
      .toBeGreaterThan(20);
  });
});

describe("a canary that does not fail", () => {
  it.for<[string, Partial<Fault>]>([
    ["answers well", {}],
    ["refuses what clients do wrong", { errorPermille: 1000, errorStatus: 404 }],
  ])("and %s keeps its share", async ([, fault], context) => {
    const proxy = await start(context, fault);
    for (let i = 0; i < 50; i++) await round(proxy);
    const requests = await canaryRequests(proxy);
    // Half of 400 at random: farther off is rarer than one in a hundred million.
    expect(requests).toBeGreaterThan(140);
    expect(requests).toBeLessThan(260);
    const counted = async () => {
      const metrics = await proxy.metrics();
      return ["canary_requests", "stable_requests", "canary_errors"].map((name) =>
        metrics.sum(`ganglion_${name}_total`, { route: "chat" }),
      );
    };
    await expect.poll(counted, { timeout: 60_000 }).toEqual([requests, 400 - requests, 0]);
  });
});
