import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
  armRoutes,
  buildBootstrap,
  discoveryReloadStat,
  extensionResource,
  httpGet,
  scratchDir,
  startEnvoy,
  startUpstreams,
  writeDiscoveryFile,
  type EnvoyProcess,
  type HttpFilter,
  type Upstreams,
} from "../../../host-tools/src/rig";
import { envoyOrSkip } from "./envoy-or-skip";
import { isAlive } from "../../host/rig/rig-program";

let envoy: EnvoyProcess | undefined;
let upstreams: Upstreams | undefined;

afterEach(async () => {
  await Promise.all([envoy?.stop(), upstreams?.stop()]);
});

const LUA = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua";
const luaSetting = (value: string) => ({
  "@type": LUA,
  default_source_code: {
    inline_string: `function envoy_on_response(handle)
      handle:headers():add("x-pushed", "${value}")
    end`,
  },
});

describe("a real Envoy", () => {
  it("serves a direct response, shows its stats, and is gone after stop", async (context) => {
    const binary = await envoyOrSkip(context);
    const routes = [{ directResponse: { status: 200, body: "hello" } }];
    const listeners = [{ name: "main", port: 0, httpFilters: [], routes }];
    envoy = await startEnvoy({ binary, concurrency: 2, bootstrap: buildBootstrap({ listeners }) });
    const port = envoy.port("main");
    const before = envoy.cpuTimeUs();
    for (let i = 0; i < 50; i++) expect(await httpGet(port, "/")).toMatchObject({ body: "hello" });
    expect(await envoy.admin.waitForStat("http.main.downstream_rq_2xx", 50)).toBe(50);
    expect(await envoy.admin.prometheus()).toContain("envoy_http_downstream_rq_xx");
    expect(JSON.stringify(await envoy.admin.configDump())).toContain("direct_response");
    expect(envoy.cpuTimeUs()).toBeGreaterThan(before);
    expect(envoy.workerCpuTimeUs(2)).toBeGreaterThan(0);
    expect(envoy.residentBytes()).toBeGreaterThan(20e6);
    expect(envoy.isRunning).toBe(true);
    expect(() => envoy?.port("other")).toThrow("no listener other, only main");
    await envoy.stop();
    expect(envoy.isRunning).toBe(false);
    expect(isAlive(envoy.pid)).toBe(false);
    await expect(httpGet(port, "/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("routes by the arm header to seeded upstreams", async (context) => {
    const binary = await envoyOrSkip(context);
    const law = { kind: "constant", ms: 1 } as const;
    const names = ["fast", "cheap"];
    upstreams = await startUpstreams(
      names.map((name) => ({ name, law })),
      { seed: 1 },
    );
    const routes = armRoutes({ fast: "fast", cheap: "cheap" }, "fast");
    const bootstrap = buildBootstrap({
      listeners: [{ name: "main", port: 0, httpFilters: [], routes }],
      clusters: Object.entries(upstreams.ports).map(([name, port]) => ({
        name,
        endpoints: [{ port }],
      })),
    });
    envoy = await startEnvoy({ binary, concurrency: 1, bootstrap });
    const port = envoy.port("main");
    const by = async (headers: Record<string, string>) =>
      (await httpGet(port, "/", { headers })).headers;
    expect(await by({})).toMatchObject({ "x-upstream": "fast" });
    expect(await by({ "x-ganglion-arm": "cheap" })).toMatchObject({
      "x-upstream": "cheap",
      "x-echo-x-ganglion-arm": "cheap",
    });
  });

  it("takes a pushed filter configuration from the discovery file", async (context) => {
    const binary = await envoyOrSkip(context);
    const path = join(scratchDir("ecds"), "filter.json");
    const push = (value: string): void =>
      writeDiscoveryFile(path, [extensionResource("pushed", luaSetting(value))]);
    push("one");
    const source = { resource_api_version: "V3", path_config_source: { path } };
    const filter: HttpFilter = {
      name: "pushed",
      config_discovery: { config_source: source, type_urls: [LUA] },
    };
    const routes = [{ directResponse: { status: 200 } }];
    const listeners = [{ name: "main", port: 0, httpFilters: [filter], routes }];
    envoy = await startEnvoy({ binary, concurrency: 2, bootstrap: buildBootstrap({ listeners }) });
    const port = envoy.port("main");
    const pushed = async () => (await httpGet(port, "/")).headers["x-pushed"];
    expect(await pushed()).toBe("one");
    const reloads = discoveryReloadStat("pushed");
    const already = await envoy.admin.stat(reloads);
    push("two");
    await envoy.admin.waitForStat(reloads, already + 1);
    expect(await pushed()).toBe("two");
  });

  it("is refused with the end of its log when it cannot start", async (context) => {
    const binary = await envoyOrSkip(context);
    const bootstrap = { static_resources: { listeners: [{ name: "no address" }] } };
    const attempt = startEnvoy({ binary, concurrency: 1, bootstrap });
    await expect(attempt).rejects.toMatchObject({
      code: "E_ENVOY_START",
      message: expect.stringContaining("no address") as string,
    });
  });
});
