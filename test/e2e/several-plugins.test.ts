// Two plugins of one Envoy with the same module: Envoy keys its VMs by code, so both live in one VM and
// each must still serve its own configuration.

import { afterEach, describe, expect, it } from "vitest";
import type { PluginConfig } from "../../host-tools/src/config/plugin-config";
import { filterModulePath } from "../../host-tools/src/lib/filter-module";
import {
  buildBootstrap,
  httpGet,
  startEnvoy,
  wasmFilter,
  type EnvoyProcess,
} from "../../host-tools/src/rig";
import { configOf } from "../support/filter-proxy";
import { envoyOrSkip } from "./rig/envoy-or-skip";

let envoy: EnvoyProcess | undefined;
afterEach(() => envoy?.stop());

function listener(name: string, config: PluginConfig) {
  const configurationJson = JSON.stringify(config);
  const spec = { name, rootId: name, wasmPath: filterModulePath(), configurationJson };
  const routes = [{ directResponse: { status: 200, body: "ok" } }];
  return { name, port: 0, httpFilters: [wasmFilter(spec)], routes };
}

const limited = (name: string, burst: number) =>
  configOf([{ name, limits: [{ name: "all", requests_per_second: 0.001, burst }] }]);

describe("two plugins of one Envoy", () => {
  it("serve their own configurations, and a third passes what it does not name", async (context) => {
    const binary = await envoyOrSkip(context);
    const listeners = [
      listener("first", limited("one", 2)),
      listener("second", limited("two", 4)),
      listener("third", configOf([])),
    ];
    envoy = await startEnvoy({ binary, concurrency: 2, bootstrap: buildBootstrap({ listeners }) });
    const statuses = async (name: string) => {
      const seen: number[] = [];
      for (let i = 0; i < 6; i++) seen.push((await httpGet(envoy!.port(name), "/")).status);
      return seen;
    };
    expect(await statuses("first")).toEqual([200, 200, 429, 429, 429, 429]);
    expect(await statuses("second")).toEqual([200, 200, 200, 200, 429, 429]);
    expect(await statuses("third")).toEqual([200, 200, 200, 200, 200, 200]);
    const { admin } = envoy;
    const labels = (route: string) => `wasmcustom.route=.=${route};.;limit=.=all;.;`;
    await admin.waitForStat(`${labels("one")}ganglion_limited_total`, 4);
    await admin.waitForStat(`${labels("two")}ganglion_limited_total`, 2);
    expect(envoy.logLines("Uncaught")).toEqual([]);
    expect(envoy.isRunning).toBe(true);
  });
});
