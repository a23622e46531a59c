// The Gateway of one way into the mesh: which hosts its pods take, on which port, with which
// certificate.

import type { PolicyGateway } from "../config/policy-edges";
import { type KubeObject, metadata } from "./kube-object";

const HTTP_PORT = 80;
const HTTPS_PORT = 443;

export function gateway(name: string, policy: PolicyGateway, namespace: string): KubeObject {
  const { tls_secret: secret, redirect_http: redirects } = policy;
  const main = secret === undefined ? plainServer(policy) : tlsServer(policy, secret);
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: metadata(name, namespace),
    spec: {
      selector: policy.selector ?? { istio: "ingressgateway" },
      servers: [main, ...(redirects && secret !== undefined ? [redirectServer(policy)] : [])],
    },
  };
}

/** `NAMESPACE/NAME`, as a VirtualService names it. */
export function gatewayReference(name: string, namespace: string): string {
  return `${namespace}/${name}`;
}

function plainServer({ hosts, port = HTTP_PORT }: PolicyGateway): unknown {
  return { port: { number: port, name: "http", protocol: "HTTP" }, hosts };
}

function tlsServer(policy: PolicyGateway, credentialName: string): unknown {
  const { hosts, port = HTTPS_PORT, tls_version_min: least } = policy;
  return {
    port: { number: port, name: "https", protocol: "HTTPS" },
    hosts,
    tls: {
      mode: "SIMPLE",
      credentialName,
      minProtocolVersion: least === "1.3" ? "TLSV1_3" : "TLSV1_2",
    },
  };
}

function redirectServer({ hosts }: PolicyGateway): unknown {
  return {
    port: { number: HTTP_PORT, name: "http", protocol: "HTTP" },
    hosts,
    tls: { httpsRedirect: true },
  };
}
