// Istio's standard metrics and their labels, as its proxies write them for HTTP (istio.io, reference
// "Istio Standard Metrics"); test/mesh/istio-metrics.test.ts finds them in Istio's own tests.

export const ISTIO_METRICS: readonly string[] = [
  "istio_requests_total",
  "istio_request_duration_milliseconds_bucket",
  "istio_request_bytes_bucket",
  "istio_response_bytes_bucket",
];

export const ISTIO_LABELS: readonly string[] = [
  "reporter",
  "source_workload",
  "source_workload_namespace",
  "source_principal",
  "source_app",
  "source_version",
  "source_canonical_service",
  "source_canonical_revision",
  "source_cluster",
  "destination_workload",
  "destination_workload_namespace",
  "destination_principal",
  "destination_app",
  "destination_version",
  "destination_service",
  "destination_service_name",
  "destination_service_namespace",
  "destination_canonical_service",
  "destination_canonical_revision",
  "destination_cluster",
  "request_protocol",
  "response_code",
  "grpc_response_status",
  "response_flags",
  "connection_security_policy",
  // Of a histogram's buckets.
  "le",
];
