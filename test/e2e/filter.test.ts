// The release module in a real Envoy with two workers: what a client and an upstream see of it. The
// same behaviour over many more cases is tested in the embedded host; this holds the two together.

import { afterEach, describe, expect, it, type TestContext } from "vitest";
import {
  startFilteredEnvoy,
  type FilteredEnvoy,
  type FilteredEnvoySpec,
} from "../../bench/rig/filtered-envoy";
import { modelVariant } from "../../bench/rig/model-variants";
import {
  canonicalJson,
  withModel,
  type PluginConfig,
  type RouteConfig,
} from "../../host-tools/src/config/plugin-config";
import { readShippedModel } from "../../host-tools/src/lib/shipped-model";
import { seededPrng } from "../../host-tools/src/lib/prng";
import { armRoutes, httpGet, type HttpReply } from "../../host-tools/src/rig";
import { envoyOrSkip } from "./rig/envoy-or-skip";

const WORKERS = 2;
/** One VM per worker and the main thread's; a canary's metrics are never published. */
const VMS = WORKERS + 1;

/** The default arm has no weight: whatever this route matches must go to b. */
const TO_B: RouteConfig = {
  name: "chat",
  match: { path_prefix: "/chat" },
  arms: [
    { name: "a", default: true, weight: 0 },
    { name: "b", weight: 1 },
  ],
};

const enforcing = (epoch: number, ...routes: RouteConfig[]): PluginConfig => {
  return { version: 1, epoch, mode: "enforce", routes };
};

let rig: FilteredEnvoy | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

async function start(context: TestContext, configurationJson: string): Promise<FilteredEnvoy> {
  await envoyOrSkip(context);
  const law = { kind: "constant", ms: 1 } as const;
  const spec: FilteredEnvoySpec = {
    seed: 1,
    workers: WORKERS,
    upstreams: ["a", "b", "c"].map((name) => ({ name, law })),
    routes: armRoutes({ a: "a", b: "b", c: "c" }, "a"),
    configurationJson,
  };
  return (rig = await startFilteredEnvoy(spec));
}

function get(path: string, headers: Record<string, string> = {}): Promise<HttpReply> {
  return httpGet((rig as FilteredEnvoy).port, path, { headers });
}

/** Several requests at once, each on a connection of its own: they reach both workers. */
function getMany(count: number, path: string): Promise<HttpReply[]> {
  return Promise.all(Array.from({ length: count }, () => get(path)));
}

/** Polls until the condition holds. */
async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`not within 60 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until every VM shows this value of a gauge. */
function untilGauge(name: string, value: number): Promise<void> {
  return until(`${name} is ${value}`, async () => {
    const values = (await (rig as FilteredEnvoy).metrics()).values(name);
    return values.length === VMS && values.every((each) => each === value);
  });
}

describe("the filter in a real Envoy", () => {
  it("sends a request to the arm that it chose", async (context) => {
    await start(context, canonicalJson(enforcing(1, TO_B)));
    const reply = await get("/chat/completions");
    expect(reply.status).toBe(200);
    expect(reply.headers).toMatchObject({ "x-upstream": "b", "x-echo-x-ganglion-arm": "b" });
    const other = await get("/other");
    expect(other.headers).toMatchObject({ "x-upstream": "a" });
    expect(other.headers).not.toHaveProperty("x-echo-x-ganglion-arm");
  });

  it("lets no client choose the arm", async (context) => {
    await start(context, canonicalJson(enforcing(1, TO_B)));
    const forged = { "x-ganglion-arm": "c", "X-Ganglion-Score": "1", "x-ganglion-new": "1" };
    const matched = await get("/chat/completions", forged);
    expect(matched.headers).toMatchObject({ "x-upstream": "b", "x-echo-x-ganglion-arm": "b" });
    expect(matched.headers).not.toHaveProperty("x-echo-x-ganglion-score");
    expect(matched.headers).not.toHaveProperty("x-echo-x-ganglion-new");
    const unmatched = await get("/other", forged);
    expect(unmatched.headers).toMatchObject({ "x-upstream": "a" });
    expect(unmatched.headers).not.toHaveProperty("x-echo-x-ganglion-arm");
    await until("six stripped headers", async () => {
      return (await rig?.metrics())?.sum("ganglion_stripped_headers_total") === 6;
    });
  });

  it("answers 429 to what is over the limit of the whole proxy", async (context) => {
    const limit = { name: "all", requests_per_second: 0.01, burst: 3 };
    await start(context, canonicalJson(enforcing(1, { name: "chat", limits: [limit] })));
    const startedMs = performance.now();
    const replies = await getMany(20, "/chat");
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(3);
    const refused = replies.filter(({ status }) => status !== 200);
    for (const { status, headers } of refused) {
      expect(status).toBe(429);
      expect(headers).toMatchObject({ "x-local-rate-limit": "true" });
      // 100 s to the next token, less what has passed since the first one was taken.
      const passedS = (performance.now() - startedMs) / 1000;
      expect(Number(headers["retry-after"])).toBeGreaterThanOrEqual(100 - Math.ceil(passedS));
      expect(Number(headers["retry-after"])).toBeLessThanOrEqual(100);
    }
    await until("17 limited", async () => {
      const labels = { route: "chat", limit: "all" };
      return (await rig?.metrics())?.sum("ganglion_limited_total", labels) === 17;
    });
  });

  it("only counts in shadow mode", async (context) => {
    const limits = [{ name: "all", requests_per_second: 0.01, burst: 3 }];
    const config = { ...enforcing(1, { ...TO_B, limits }), mode: "shadow" as const };
    await start(context, canonicalJson(config));
    const replies = await getMany(10, "/chat");
    expect(replies.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(new Set(replies.map(({ headers }) => headers["x-upstream"]))).toEqual(new Set(["a"]));
    await until("7 verdicts, none enforced", async () => {
      const metrics = await rig?.metrics();
      const verdicts = (enforced: string) =>
        metrics?.sum("ganglion_verdicts_total", { verdict: "throttle", enforced });
      return verdicts("false") === 7 && verdicts("true") === 0;
    });
  });

  it("passes traffic through when it starts on a bad configuration, and heals", async (context) => {
    const started = await start(context, '{"version":1,"routes":[{"name":""}]}');
    expect((await get("/chat")).headers).toMatchObject({ "x-upstream": "a" });
    await untilGauge("ganglion_config_error", 1);
    const reason = 'ganglion: refused: routes[0].name = "": must have 1 to 63 characters';
    const logged = started.envoy.logLines("ganglion: refused: ");
    expect(logged.length).toBeGreaterThanOrEqual(VMS);
    for (const line of logged) expect(line).toContain(reason);
    started.push(canonicalJson(enforcing(1, TO_B)));
    await untilGauge("ganglion_config_error", 0);
    const replies = await getMany(8, "/chat");
    expect(new Set(replies.map(({ headers }) => headers["x-upstream"]))).toEqual(new Set(["b"]));
  });

  it("keeps the last good configuration when a bad one comes", async (context) => {
    const started = await start(context, canonicalJson(enforcing(7, TO_B)));
    await untilGauge("ganglion_config_epoch", 7);
    started.push('{"version":1,"epoch":8,"routes":[{"name":"chat","arms":"b"}]}');
    await untilGauge("ganglion_config_error", 1);
    await untilGauge("ganglion_config_epoch", 7);
    const replies = await getMany(8, "/chat");
    expect(new Set(replies.map(({ headers }) => headers["x-upstream"]))).toEqual(new Set(["b"]));
  });

  it("serves every request while new weights arrive", async (context) => {
    const config = (epoch: number): PluginConfig => ({
      ...enforcing(epoch, TO_B),
      expose: "always",
    });
    const base = await readShippedModel();
    const started = await start(context, canonicalJson(withModel(config(1), base)));
    for (let version = 101; version <= 103; version++) {
      const model = modelVariant(base, version, seededPrng(version));
      started.push(canonicalJson(withModel(config(version), model)));
      await until(`model ${version} is seen`, async () => {
        const replies = await getMany(4, "/chat");
        expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
        const seen = replies.map(({ headers }) => headers["x-echo-x-ganglion-model"]);
        return seen.every((each) => each === String(version));
      });
    }
    await untilGauge("ganglion_model_version", 103);
  });
});
