// What stands in a span, on a real control plane with a real Envoy: the policy's tags, written by the
// filter and its proxy without a word from an application, and never a prompt.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compilePolicy } from "../../host-tools/src/config/policy-compile";
import { installValues } from "../../host-tools/src/istio/install-values";
import { readFilterModule } from "../../host-tools/src/lib/filter-module";
import { eventually, type KubeObject, Mesh, meshCanRun, meshService, type Proxy } from "./rig";
import { type Echo, startEcho } from "./support/echo";
import { type Span, startTraceCollector, type TraceCollector } from "./support/trace-collector";
import { filterIsThere } from "./support/filter-is-there";
import { policyObjects } from "./support/policy-objects";
import { hostHeader, SERVICE_PORT, startWorkload } from "./support/workload";
import { rejectedUpdates, xdsRejects } from "./support/xds-rejects";

const NAMESPACE = "ai-services";
const COLLECTOR = `otel-collector.${NAMESPACE}.svc.cluster.local`;
const PROMPT = "tell-me-a-secret";
const BODY = JSON.stringify({ messages: [{ role: "user", content: PROMPT }] });
const POLICY = `\
version: 1
mode: enforce
expose: always
mesh:
  istio: "1.31"
  namespace: ${NAMESPACE}
  workloads: { app: caller }
  install: { tracing_percent: 100 }
  tracing:
    provider: otel
    sampling_percent: 100
    url_query: false
    collector: { host: ${COLLECTOR}, port: ${SERVICE_PORT} }
    tags:
      model.name: { from: arm, default: default }
      user.tier: { header: x-user-tier, default: none }
      session.id: { header: x-session-id }
      deployment: production
      ganglion.score: { from: score }
      ganglion.verdict: { from: verdict }
      ganglion.route: { from: route }
      ganglion.attempts: { from: attempts }
      request.bytes: { from: request_bytes }
      response.bytes: { from: response_bytes }
      first_byte.ms: { from: first_byte_ms }
services:
  llm-service:
    port: ${SERVICE_PORT}
    arms: { gpt-4o: { subset: v1 }, mini: { subset: v2, weight: 1000 } }
    routes:
      - name: chat
        match: { path_prefix: /chat }
      - name: limited
        match: { path_prefix: /limited }
        arms: [gpt-4o]
        limits: [{ name: one, requests_per_second: 0.001, burst: 1 }]
`;

describe.runIf(await meshCanRun())("spans of a call", () => {
  let mesh: Mesh;
  let echo: Echo;
  let collector: TraceCollector;
  let caller: Proxy;

  beforeAll(async () => {
    echo = await startEcho(["llm"]);
    collector = await startTraceCollector();
    const { mesh: facts } = compilePolicy(POLICY, "ganglion.yaml").policy;
    const { meshConfig } = installValues(facts, facts.install!);
    mesh = await Mesh.start({
      namespaces: [NAMESPACE],
      istiod: { meshConfig: meshConfig as Record<string, unknown> },
    });
    await mesh.apply(await objects(mesh, POLICY));
    caller = await startWorkload(mesh, { name: "caller", namespace: NAMESPACE });
    await eventually("the filter", () => filterIsThere(caller));
  });
  afterAll(async () => {
    await mesh?.stop();
    await Promise.all([echo?.stop(), collector?.stop()]);
  });

  const objects = async (of: Mesh, policy: string): Promise<KubeObject[]> => {
    const { reference } = await of.registry.push(await readFilterModule(), "filter");
    const port = echo.ports["llm"]!;
    const endpoints = ["v1", "v2"].map((version) => ({ port, labels: { version } }));
    const at = { namespace: NAMESPACE, port: SERVICE_PORT };
    return [
      meshService({ ...at, host: "llm-service", endpoints }),
      // Spans travel over HTTP/2, which the port's protocol says.
      meshService({
        ...at,
        host: COLLECTOR,
        protocol: "GRPC",
        endpoints: [{ port: collector.port }],
      }),
      ...policyObjects(policy, reference),
    ];
  };
  const call = (path: string, headers: Record<string, string> = {}) =>
    caller.get(SERVICE_PORT, path, {
      method: "POST",
      body: BODY,
      headers: {
        ...hostHeader("llm-service", NAMESPACE),
        "content-length": String(BODY.length),
        ...headers,
      },
    });

  /** Spans of calls with this session, which begin after this moment. */
  const spansOf = async (session: string, send: () => Promise<unknown>): Promise<Span> =>
    eventually(`a span of ${session}`, async () => {
      await send();
      return collector.spans.find(({ tags }) => tags["session.id"] === session);
    });
  const prompts = (session: string) => () =>
    call(`/chat?q=${PROMPT}`, {
      "x-user-tier": "premium",
      "x-session-id": session,
      "x-prompt": PROMPT,
      authorization: `Bearer ${PROMPT}`,
    });

  it("tell model, tier, session, lengths and score, none of it by the application", async () => {
    const { tags } = await spansOf("first", prompts("first"));
    expect(tags).toMatchObject({
      "user.tier": "premium",
      "session.id": "first",
      deployment: "production",
      "ganglion.score": "0",
      "ganglion.attempts": "1",
      "request.bytes": String(BODY.length),
      "http.status_code": "200",
    });
    expect(Number(tags["response.bytes"])).toBeGreaterThan(100);
    expect(tags["response.bytes"]).toBe(tags["response_size"]);
    expect(Number(tags["first_byte.ms"])).toBeGreaterThanOrEqual(0);
    // The arm that the filter chose, its rule and its subset are the same one.
    const arm = tags["model.name"];
    expect(["default", "mini"]).toContain(arm);
    expect(tags["ganglion.route"]).toBe(arm === "mini" ? "chat-mini" : "chat");
    expect(tags["upstream_cluster"]).toContain(arm === "mini" ? "|v2|" : "|v1|");
    expect(await xdsRejects(mesh)).toBe(0);
    expect(await rejectedUpdates(caller)).toEqual([]);
  });

  it("tell a verdict where there is one, and have no tag where there is none", async () => {
    const limited = (session: string) => () => call("/limited", { "x-session-id": session });
    await eventually("a refusal", async () => (await limited("before")()).status === 429);
    const { tags } = await spansOf("limited", limited("limited"));
    expect(tags).toMatchObject({
      "ganglion.verdict": "throttle:rate_limit:0",
      "http.status_code": "429",
      "ganglion.attempts": "0",
      "user.tier": "none",
      "model.name": "default",
    });
    const passed = await spansOf("passed", prompts("passed"));
    expect(passed.tags).not.toHaveProperty("ganglion.verdict");
  });

  it("never hold a prompt, not even one that stands in a query", async () => {
    await spansOf("query", prompts("query"));
    expect(collector.spans.length).toBeGreaterThan(3);
    const text = Buffer.concat(collector.raw).toString("latin1");
    expect(text).toContain("/chat");
    expect(text).not.toContain(PROMPT);
  });

  it("would hold it by Envoy's own words: the query is in http.url where the policy leaves it", async () => {
    await mesh.apply(await objects(mesh, POLICY.replace("url_query: false", "")));
    const url = await eventually("a query", async () => {
      await prompts("open")();
      return collector.spans
        .map(({ tags }) => String(tags["http.url"]))
        .find((one) => one.includes("?"));
    });
    expect(url).toContain(`/chat?q=${PROMPT}`);
  });
});
