// A policy whose services' pods are rendered too: two arms of one service, one of another account and
// protocol, and one that is scaled.

const WORKLOAD_DIGEST = "2".repeat(64);

export const WORKLOAD_POLICY = `\
version: 1
mesh:
  istio: "1.31"
  namespace: ai-services
  workloads: { ganglion: "on" }
  injection: enabled
  mtls: strict
  proxy:
    { concurrency: 1, cpu_request: 50m, memory_request: 64Mi, cpu_limit: 200m, memory_limit: 256Mi }
  prometheus: { merged: true }
calls:
  conversation-service: [llm-service]
services:
  llm-service:
    port: 8080
    arms:
      gpt-4o: { subset: v1 }
      gpt-4o-mini:
        subset: mini
        workload:
          replicas: 1
          env: { MODEL: gpt-4o-mini }
          resources: { memory_limit: 512Mi }
    workload:
      image: registry.example/ai/llm-service:1.4.2
      user: 10001
      env: { MODEL: gpt-4o, OPENAI_API_KEY: { secret: openai, key: api-key } }
      resources: { cpu_request: 500m, memory_request: 512Mi, memory_limit: 1Gi }
      probes:
        readiness: { path: /health/ready, period_s: 5 }
        liveness: { path: /health/live, delay_s: 10, timeout_s: 2 }
        startup: { path: /health/live }
      metrics: { port: 9090, path: /actuator/prometheus }
      writable: [/tmp, /var/cache/app]
    routes:
      - { name: stream, match: { authority: llm-service, path_prefix: /stream }, timeout_ms: 300000 }
      - { name: chat, match: { authority: llm-service }, timeout_ms: 30000 }
  retrieval-service:
    port: 50051
    account: retrieval
    labels: { app: retrieval }
    workload:
      image: registry.example/ai/retrieval@sha256:${WORKLOAD_DIGEST}
      protocol: grpc
      version: v1
      writable: []
      leave_s: 0
      drain_s: 10
    routes: [{ name: search, match: { authority: retrieval-service } }]
  conversation-service:
    port: 80
    workload:
      image: registry.example:5000/ai/conversation:2.0.0
      port: 8080
      args: [--workers, "4"]
      resources: { cpu_request: 250m }
    scaling: { replicas_max: 10, cpu_percent: 70 }
    routes: [{ name: talk, match: { authority: conversation-service } }]
`;
