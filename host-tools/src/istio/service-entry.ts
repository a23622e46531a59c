// A provider outside the mesh: the ServiceEntry by which proxies know it, and the DestinationRule by
// which they speak TLS to it. Where the proxy encrypts, callers speak plain HTTP to it within their
// pod, so that routes, limits and the filter see the requests instead of bytes.

import type { PolicyProvider } from "../config/policy-edges";
import { type KubeObject, metadata } from "./kube-object";
import { trafficPolicy } from "./traffic-policy";

/** Seen in the policy's own namespace only: what other teams call is theirs to say. */
const EXPORT_TO = ["."];

export function providerObjects(
  name: string,
  provider: PolicyProvider,
  namespace: string,
): KubeObject[] {
  return [
    serviceEntry(name, provider, namespace),
    ...(providerRule(name, provider, namespace) ?? []),
  ];
}

function serviceEntry(name: string, provider: PolicyProvider, namespace: string): KubeObject {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: metadata(name, namespace),
    spec: {
      hosts: [provider.host],
      location: "MESH_EXTERNAL",
      resolution: "DNS",
      ports: [port(provider)],
      exportTo: EXPORT_TO,
    },
  };
}

function port({ tls, port: number, local_port: local }: PolicyProvider): unknown {
  switch (tls) {
    case "originate":
      return { number: local, name: "http", protocol: "HTTP", targetPort: number };
    case "passthrough":
      return { number, name: "tls", protocol: "TLS" };
    case "none":
      return { number, name: "http", protocol: "HTTP" };
  }
}

function providerRule(
  name: string,
  provider: PolicyProvider,
  namespace: string,
): [KubeObject] | undefined {
  const { host, tls } = provider;
  const trafficOf = {
    ...trafficPolicy(provider),
    ...(tls === "originate"
      ? { tls: { mode: "SIMPLE", sni: host, subjectAltNames: [host], caCertificates: "system" } }
      : {}),
  };
  if (Object.keys(trafficOf).length === 0) return undefined;
  const spec = { host, trafficPolicy: trafficOf, exportTo: EXPORT_TO };
  return [
    {
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata: metadata(name, namespace),
      spec,
    },
  ];
}
