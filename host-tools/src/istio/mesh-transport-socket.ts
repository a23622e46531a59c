// Mutual TLS of the mesh for a cluster that istiod does not generate: the proxy's own certificate
// and the mesh's root, both from the agent's secret service, as istiod writes them for its own
// clusters. Without it a cluster of ours would speak plaintext to a workload that refuses it.

import { typeUrl } from "./envoy-filter";

const TLS_TYPE = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";

/** @param identity that the server must have, `spiffe://...`; undefined: any of the mesh */
export function meshTransportSocket(
  host: string,
  port: number,
  identity?: string,
): Record<string, unknown> {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": typeUrl(TLS_TYPE),
      sni: `outbound_.${port}_._.${host}`,
      common_tls_context: {
        alpn_protocols: ["istio", "h2"],
        tls_params: { tls_minimum_protocol_version: "TLSv1_2" },
        tls_certificate_sds_secret_configs: [secret("default")],
        ...validation(identity),
      },
    },
  };
}

function validation(identity: string | undefined): Record<string, unknown> {
  const root = { validation_context_sds_secret_config: secret("ROOTCA") };
  if (identity === undefined) return root;
  const names = [{ san_type: "URI", matcher: { exact: identity } }];
  const own = { match_typed_subject_alt_names: names };
  return { combined_validation_context: { default_validation_context: own, ...root } };
}

function secret(name: string): unknown {
  const grpc = { envoy_grpc: { cluster_name: "sds-grpc" } };
  return {
    name,
    sds_config: {
      resource_api_version: "V3",
      initial_fetch_timeout: "0s",
      api_config_source: {
        api_type: "GRPC",
        transport_api_version: "V3",
        set_node_on_first_message_only: true,
        grpc_services: [grpc],
      },
    },
  };
}
