// A rollout's questions put to a real Prometheus, which scrapes what Istio's proxies and the filter
// show: that the expressions are ones, and that their answers are counts.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { scratchDir } from "../../host-tools/src/rig";
import { prometheusSource } from "../../host-tools/src/rollout/prometheus-source";
import { counts, samplePlan } from "../host/rollout/sample";
import { findPrometheus, Prometheus } from "../support/prometheus";

const LABELS = 'reporter="source",destination_service="llm-service.ai.svc.cluster.local"';

/** As a proxy shows it after so many seconds. */
function page(seconds: number): string {
  const requests = (version: string, code: number, value: number) =>
    `istio_requests_total{${LABELS},destination_version="${version}",response_code="${code}"} ${value}`;
  const bucket = (le: string, value: number) =>
    `istio_request_duration_milliseconds_bucket{${LABELS},destination_version="v2",le="${le}"} ${value}`;
  return [
    requests("v1", 200, 1000),
    requests("v2", 200, 90),
    requests("v2", 503, 7),
    requests("v2", 429, 3),
    requests("v3", 200, 5000),
    bucket("100", 50 * seconds),
    bucket("200", 100 * seconds),
    bucket("+Inf", 100 * seconds),
    "route___chat___ganglion_canary_killed 1",
    'ganglion_canary_killed{route="another"} 1',
    "",
  ].join("\n");
}

describe("a rollout's source", () => {
  let server: Server | undefined;
  let prometheus: Prometheus | undefined;
  afterAll(async () => {
    await prometheus?.stop();
    server?.closeAllConnections();
    server?.close();
  });

  it("reads counts, kills and a quantile from a real Prometheus", async (context) => {
    const found = await findPrometheus();
    if ("missing" in found) return context.skip(found.missing);
    const startedMs = performance.now();
    server = createServer((_request, response) => {
      response.setHeader("content-type", "text/plain; version=0.0.4");
      response.end(page((performance.now() - startedMs) / 1000));
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    prometheus = await Prometheus.start(found.path, { targets: [target], intervalMs: 1000 });
    const plan = samplePlan({ latency: { msMax: 3000, quantile: 0.5 } });
    const source = prometheusSource(plan, `http://127.0.0.1:${prometheus.port}`);
    let reading = await source.read();
    for (let tries = 0; reading.latencyMs === undefined && tries < 600; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      reading = await source.read();
    }
    expect(reading.latencyMs).toBeCloseTo(100, 0);
    expect(reading.killed).toMatchObject([{ proxy: target, route: "chat" }]);
    const series = [...reading.series.values()].sort(
      (a, b) => a.counts.requests - b.counts.requests,
    );
    expect(series).toEqual([
      { arm: "canary", counts: counts(3, 0) },
      { arm: "canary", counts: counts(7, 7) },
      { arm: "canary", counts: counts(90, 0) },
      { arm: "stable", counts: counts(1000, 0) },
    ]);
  });
});
