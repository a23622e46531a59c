// Istio objects as a mesh without a cluster's network needs them: gateways bind to their proxy's address,
// and services are entries with endpoints on loopback, since Kubernetes refuses those in its own slices.

import type { KubeObject } from "./kube-client";

export interface GatewayOptions {
  readonly name: string;
  readonly namespace?: string;
  /**
   * Labels of the proxy that shall serve it, `proxy.selector`. One Gateway a proxy: of two that listen
   * on one address each would get a part of its connections.
   */
  readonly selector: Readonly<Record<string, string>>;
  /** Address of the proxy. */
  readonly ip: string;
  readonly port: number;
  /** Default `*`. */
  readonly hosts?: readonly string[];
}

/** A Gateway that serves HTTP on one proxy's address. */
export function httpGateway(options: GatewayOptions): KubeObject {
  const { name, namespace = "default", selector, ip, port, hosts = ["*"] } = options;
  const server = { port: { number: port, name: "http", protocol: "HTTP" }, bind: ip, hosts };
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: { name, namespace },
    spec: { selector, servers: [server] },
  };
}

export interface Endpoint {
  /** Default 127.0.0.1. */
  readonly address?: string;
  readonly port: number;
  /** By which subsets of a DestinationRule select it. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly serviceAccount?: string;
}

export interface ServiceOptions {
  readonly namespace?: string;
  /** Name that clients use: a short one becomes `NAME.NAMESPACE.svc.cluster.local`. */
  readonly host: string;
  readonly port: number;
  /** What the endpoints speak. Default HTTP. */
  readonly protocol?: "HTTP" | "GRPC";
  readonly endpoints: readonly Endpoint[];
}

/** A service in the mesh whose endpoints are the given ones. */
export function meshService(options: ServiceOptions): KubeObject {
  const { namespace = "default", port, protocol = "HTTP", endpoints } = options;
  const name = protocol.toLowerCase();
  const isShort = !options.host.includes(".");
  const host = isShort ? `${options.host}.${namespace}.svc.cluster.local` : options.host;
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: options.host.split(".")[0]!, namespace },
    spec: {
      hosts: [host],
      location: "MESH_INTERNAL",
      resolution: "STATIC",
      ports: [{ number: port, name, protocol }],
      endpoints: endpoints.map(({ address = "127.0.0.1", port, ...rest }) => ({
        address,
        ports: { [name]: port },
        ...rest,
      })),
    },
  };
}
