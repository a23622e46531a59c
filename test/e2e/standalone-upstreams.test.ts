// Pools, outlier detection and balancing of a policy in an Envoy without a mesh: it takes the
// bootstrap, holds the numbers, and ejects what fails.

import { afterEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { compilePolicy } from "../../host-tools/src/config/policy-compile";
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
import { expectGolden } from "../support/golden";
import { envoyOrSkip } from "./rig/envoy-or-skip";

let envoy: EnvoyProcess | undefined;
let upstreams: Upstreams | undefined;

afterEach(async () => {
  await Promise.all([envoy?.stop(), upstreams?.stop()]);
});

const policyText = (port: number): string => `
version: 1
envoy: { listen: 127.0.0.1:0, admin: 127.0.0.1:0 }
services:
  full:
    arms:
      one: { address: 127.0.0.1:${port}, default: true }
      two: { address: 127.0.0.1:${port}, pool: { connections_max: 7, h2_upgrade: true } }
    pool:
      connections_max: 11
      connect_timeout_ms: 1200
      connection_age_max_ms: 60000
      pending_max: 12
      requests_max: 13
      requests_per_connection_max: 100
      streams_per_connection_max: 14
      idle_timeout_ms: 90000
    retry_budget: { percent: 12.5, min_concurrent: 2 }
    outlier_detection:
      consecutive_5xx: 3
      consecutive_gateway_errors: 0
      interval_ms: 100
      ejection_percent_max: 100
    load_balancer: { hash_header: x-session-id }
    routes:
      - name: full
        match: { authority: full }
        timeout_ms: 5000
        retries: { attempts: 2, per_try_timeout_ms: 1000, backoff_ms: 100, on: ["503"] }
  plain:
    arms: { only: { address: 127.0.0.1:${port} } }
    load_balancer: round_robin
    routes: [{ name: plain, match: { authority: plain } }]
`;

function rendered(port: number): string {
  const { policy, config } = compilePolicy(policyText(port), "ganglion.yaml");
  return yamlText(standaloneEnvoy(policy, config, filterModulePath()));
}

describe("a standalone Envoy with everything said of its upstreams", () => {
  it("has the members in the golden file", () => {
    const { static_resources: resources } = parse(rendered(8080)) as {
      static_resources: { clusters: object[] };
    };
    expectGolden("manifests/upstreams.envoy.yaml", yamlText(resources.clusters));
  });

  it("starts, and ejects an endpoint that fails three times in a row", async (context) => {
    const binary = await envoyOrSkip(context);
    const law = { kind: "constant", ms: 1 } as const;
    const always = { atMs: 0, untilMs: 600_000, errorPermille: 1000 };
    upstreams = await startUpstreams([{ name: "ill", law, faults: [always] }], { seed: 1 });
    await upstreams.start();
    const bootstrap = parse(rendered(upstreams.port("ill"))) as Bootstrap;
    envoy = await startEnvoy({ binary, bootstrap, concurrency: 1 });
    const port = envoy.port("ganglion");
    const headers = { host: "full", "x-session-id": "a" };
    for (let i = 0; i < 5; i++) await httpGet(port, "/", { headers });
    const { admin } = envoy;
    await expect
      .poll(() => admin.stat("cluster.full-one.outlier_detection.ejections_active"), {
        timeout: 20_000,
      })
      .toBe(1);
    expect(await admin.stat("cluster.full-one.outlier_detection.ejections_enforced_total")).toBe(1);
  });
});
