// A workload of the mesh with a sidecar, without iptables: its port is an inbound listener of the sidecar
// on the pod's address, and what it calls are outbound listeners on that address too, so a test calls as
// the workload by a request to its sidecar.

import type { KubeObject, Mesh, Proxy } from "../rig";

export interface WorkloadOptions {
  /** Name of pod, service and service account; value of the label `app`. */
  readonly name: string;
  readonly namespace: string;
  /** Port of the application on 127.0.0.1; undefined for a workload that only calls. */
  readonly appPort?: number;
  /** Labels of the pod beside `app`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** What the application speaks. Default HTTP. */
  readonly protocol?: "HTTP" | "GRPC";
  /** Environment of its agent. */
  readonly env?: Readonly<Record<string, string>>;
  /** Fields of its ProxyConfig. */
  readonly proxyConfig?: Readonly<Record<string, unknown>>;
}

/** Port of every service made here. */
export const SERVICE_PORT = 8080;
/** Where the sidecar of a callee listens, on the pod's address. */
export const INBOUND_PORT = 9443;

/** Starts the sidecar of a workload, with the objects that stand for injection and iptables. */
export async function startWorkload(mesh: Mesh, options: WorkloadOptions): Promise<Proxy> {
  const { name, namespace, appPort, labels, env, proxyConfig } = options;
  const ip = mesh.nextIp();
  await mesh.apply([
    sidecarObject(options, ip),
    ...(appPort === undefined ? [] : [serviceObject(options)]),
  ]);
  return mesh.startProxy({
    name,
    namespace,
    kind: "sidecar",
    labels: { app: name, ...labels },
    serviceAccount: name,
    ip,
    ...(env ? { env } : {}),
    ...(proxyConfig ? { proxyConfig } : {}),
  });
}

/** Where to send a request of `proxy`'s workload to a service: options for `proxy.get(SERVICE_PORT, ...)`. */
export function hostHeader(service: string, namespace: string): Record<string, string> {
  return { host: `${service}.${namespace}.svc.cluster.local:${SERVICE_PORT}` };
}

/** Selects the workload's pod, whose port is the sidecar's. */
function serviceObject({ name, namespace, protocol = "HTTP" }: WorkloadOptions): KubeObject {
  const number = SERVICE_PORT;
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name, namespace },
    spec: {
      hosts: [`${name}.${namespace}.svc.cluster.local`],
      location: "MESH_INTERNAL",
      resolution: "STATIC",
      ports: [{ number, name: protocol.toLowerCase(), protocol, targetPort: INBOUND_PORT }],
      workloadSelector: { labels: { app: name } },
    },
  };
}

function sidecarObject(options: WorkloadOptions, ip: string): KubeObject {
  const { name, namespace, appPort, protocol = "HTTP" } = options;
  const egress = {
    port: { number: SERVICE_PORT, protocol: "HTTP", name: "http" },
    bind: ip,
    captureMode: "NONE",
    hosts: ["./*"],
  };
  const ingress = {
    port: { number: INBOUND_PORT, protocol, name: protocol.toLowerCase() },
    bind: ip,
    captureMode: "NONE",
    defaultEndpoint: `127.0.0.1:${appPort}`,
  };
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "Sidecar",
    metadata: { name, namespace },
    spec: {
      workloadSelector: { labels: { app: name } },
      egress: [egress],
      ...(appPort === undefined ? {} : { ingress: [ingress] }),
    },
  };
}
