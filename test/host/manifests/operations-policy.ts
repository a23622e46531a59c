// A policy that says everything of security and operations that a policy can, with the numbers of a
// real team's configuration: sidecars of 50m and 64Mi, a local limit of 100, tiers of 10 and 100
// under 500 in all, 10 % of traces.

import { compilePolicy, type CompiledPolicy } from "../../../host-tools/src/config/policy-compile";
import { filterImage } from "../../../host-tools/src/istio/filter-object";
import type { KubeObject } from "../../../host-tools/src/istio/kube-object";
import { companionFiles, manifests } from "../../../host-tools/src/manifests/manifests";

export const DIGEST = "1".repeat(64);
export const IMAGE = filterImage(`oci://registry.example/ganglion/filter@sha256:${DIGEST}`);

export const OPERATIONS_POLICY = `\
version: 1
mesh:
  istio: "1.31"
  namespace: ai-services
  workloads: { ganglion: "on" }
  injection: enabled
  mtls: strict
  deny_by_default: true
  tenants:
    acme:
      namespaces: [acme]
      services: [llm-service]
      methods: [POST]
      paths: [/api/llm/*]
      header: x-tenant
    globex: { namespaces: [globex, globex-batch], services: [llm-service], header: x-tenant }
  proxy:
    { concurrency: 1, cpu_request: 50m, memory_request: 64Mi, cpu_limit: 200m, memory_limit: 256Mi }
  intercept: { ports: [8080], exclude_outbound_ports: [9411, 5432] }
  install: { tracing_percent: 10 }
  tracing:
    provider: otel
    tags:
      model.name: { from: arm, default: default }
      user.tier: { header: x-user-tier, default: none }
      session.id: { header: x-session-id }
      deployment: production
    tail: { keep_percent: 10, slow_ms: 5000 }
    collector: { host: otel-collector.observability.svc.cluster.local }
  access_log: {}
  prometheus: { server: "http://prometheus.monitoring:9090", labels: { release: prometheus } }
  dashboard: {}
  rate_limit_service: { host: ratelimit.ai-services.svc.cluster.local }
  envoy_gateway: { name: public }
  argo_rollouts: true
services:
  llm-service:
    port: 8080
    arms: { gpt-4o: { subset: v1 }, gpt-4o-next: { subset: v2 } }
    allow:
      - { from: [conversation-service], methods: [POST], paths: [/api/llm/*] }
      - { from: [batch/nightly, reports], methods: [POST], paths: [/api/llm/batch] }
    endpoint_override: x-gateway-destination-endpoint
    global_limits:
      - name: tier
        key: { header: x-user-tier }
        requests_per_second: { free: 10, premium: 100 }
      - { name: all, requests_per_second: 500 }
    local_limits: { requests_per_second: 100 }
    scaling:
      { replicas_min: 2, replicas_max: 20, cpu_percent: 70, signal: { requests_per_second: 50 } }
    alerts: { error_percent: 5, latency_p99_ms: 30000 }
    rollout: { stable: gpt-4o, canary: gpt-4o-next, guard: { mode: off } }
    routes:
      - { name: chat, match: { path_prefix: /api/llm, authority: llm-service }, arms: [gpt-4o] }
  conversation-service:
    account: conversation
    labels: { app: conversation, tier: front }
    allow: [{ from: [istio-system/public-gateway] }]
    scaling:
      by: keda
      replicas_min: 3
      replicas_max: 30
      signal: { requests_per_second: 25, fallback_replicas: 10 }
      prewarm:
        - { start: "50 7 * * 1-5", end: "0 10 * * 1-5", timezone: Europe/Zurich, replicas: 12 }
    routes: [{ name: talk, match: { authority: conversation-service } }]
`;

export function compiledOperations(text = OPERATIONS_POLICY): CompiledPolicy {
  return compilePolicy(text, "ganglion.yaml");
}

/** Objects of a policy, as a TrafficExtension's mesh has them. */
export function operationsObjects(text = OPERATIONS_POLICY): KubeObject[] {
  const { policy, config } = compiledOperations(text);
  return manifests(policy, config, { kind: "TrafficExtension", image: IMAGE }).map(
    ({ object }) => object,
  );
}

/** Files beside the objects, by name. */
export function operationsFiles(text = OPERATIONS_POLICY): ReadonlyMap<string, string> {
  const { policy, config } = compiledOperations(text);
  const list = manifests(policy, config, { kind: "TrafficExtension", image: IMAGE });
  return new Map(companionFiles(list, policy));
}
