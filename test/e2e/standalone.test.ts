// What `render --target envoy` writes, in a real Envoy: it starts, routes to the arms, limits a
// tier with the promised headers, and takes the labels out of our metrics' names.

import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { compilePolicy } from "../../host-tools/src/config/policy-compile";
import { withModel } from "../../host-tools/src/config/plugin-config";
import { standaloneEnvoy } from "../../host-tools/src/envoy/standalone";
import { yamlText } from "../../host-tools/src/istio/yaml-text";
import { filterModulePath } from "../../host-tools/src/lib/filter-module";
import {
  type Bootstrap,
  type EnvoyProcess,
  httpGet,
  startEnvoy,
  startUpstreams,
  type Upstreams,
} from "../../host-tools/src/rig";
import { envoyOrSkip } from "./rig/envoy-or-skip";

let envoy: EnvoyProcess | undefined;
let upstreams: Upstreams | undefined;

afterEach(async () => {
  await Promise.all([envoy?.stop(), upstreams?.stop()]);
});

const policyText = (big: number, small: number): string => `
version: 1
mode: enforce
envoy: { listen: 127.0.0.1:0, admin: 127.0.0.1:0 }
services:
  llm:
    arms:
      big: { address: 127.0.0.1:${big}, default: true, weight: 1 }
      small: { address: 127.0.0.1:${small}, weight: 1000 }
    routes:
      - name: chat
        match: { path_prefix: /chat, method: POST }
        retries: { attempts: 1, on: [connect-failure, "503"] }
        limits:
          - name: tier
            key: { header: x-tier }
            requests_per_second: { free: 0.01, "*": 1000 }
            burst: { free: 2, "*": 1000 }
`;

describe("a rendered standalone Envoy", () => {
  it("routes, limits and labels", async (context) => {
    const binary = await envoyOrSkip(context);
    const law = { kind: "constant", ms: 1 } as const;
    upstreams = await startUpstreams(
      [
        { name: "big", law },
        { name: "small", law },
      ],
      { seed: 1 },
    );
    await upstreams.start();
    const text = policyText(upstreams.port("big"), upstreams.port("small"));
    const { policy, config } = compilePolicy(text, "ganglion.yaml");
    const model = readFileSync(new URL("../../wasmplugin/models/default.gngl", import.meta.url));
    const rendered = standaloneEnvoy(policy, withModel(config, model), filterModulePath());
    // By way of the text, because that is what a user starts.
    const bootstrap = parse(yamlText(rendered)) as Bootstrap;
    envoy = await startEnvoy({ binary, bootstrap, concurrency: 1 });
    const port = envoy.port("ganglion");

    const post = (tier: string) =>
      httpGet(port, "/chat/1", { method: "POST", headers: { "x-tier": tier } });
    for (let i = 0; i < 40; i++) expect((await post(`user-${i % 4}`)).status).toBe(200);
    expect((await httpGet(port, "/other")).status).toBe(200);
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await post("free")).status);
    expect(statuses).toEqual([200, 200, 429, 429]);
    const refused = await post("free");
    expect(refused.headers["x-local-rate-limit"]).toBe("true");
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);

    // The heavier arm is not the default one, so traffic there has followed the header.
    const counts = await upstreams.counts();
    expect(counts["small"]?.requests).toBeGreaterThan(counts["big"]?.requests ?? 0);

    const name = 'ganglion_requests_total{route="chat"}';
    await expect.poll(() => prometheusValue(name), { timeout: 60_000 }).toBe(45);
    const limited = 'ganglion_limited_total{limit="tier",route="chat"}';
    await expect.poll(() => prometheusValue(limited), { timeout: 60_000 }).toBe(3);
    expect(await envoy.admin.prometheus()).not.toContain("_.=_");
  });
});

/** Value of one series, with its labels in any order. */
async function prometheusValue(wanted: string): Promise<number | undefined> {
  const lines = (await envoy?.admin.prometheus())?.split("\n") ?? [];
  const series = (text: string): string => text.split(/[{},]/).sort().join();
  const line = lines.find((one) => series(one.replace(/ .*/, "")) === series(wanted));
  return line === undefined ? undefined : Number(line.split(" ")[1]);
}
