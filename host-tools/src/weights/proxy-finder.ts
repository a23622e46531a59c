// Which proxies the object reaches: the pods in its namespace that its selector takes and that have
// a proxy in them. Istio's root namespace reaches all namespaces.

import type { Cluster, ClusterObject } from "../cluster";
import { GanglionError } from "../lib/errors";
import type { LiveFilter } from "./live-filter";

export interface ProxyPlace {
  /** As messages name it: `namespace/pod`, or an address. */
  readonly name: string;
  /** Host and port of the metrics page; undefined for a pod without an address yet. */
  readonly address:
    { readonly host: string; readonly port: number; readonly path: string } | undefined;
  readonly pod: { readonly namespace: string; readonly name: string } | undefined;
}

/** Port and path of Envoy's own page in an Istio proxy. */
const ENVOY_PORT = 15090;
const ENVOY_PATH = "/stats/prometheus";
const PROXY_CONTAINER = "istio-proxy";
const PROXY_HINT = `Name the metrics pages of the proxies, such as 10.0.0.7:${ENVOY_PORT}.`;
const GATEWAY_LABEL = "gateway.networking.k8s.io/gateway-name";

/** What of an object says which proxies it reaches. */
export type ReachingObject = Pick<LiveFilter, "key" | "selector" | "targetRefs">;

export interface Reach {
  readonly proxies: readonly ProxyPlace[];
  /** Pods that the selector takes and that have no proxy: the filter is not there. */
  readonly without: readonly string[];
}

/**
 * The proxies of an object, in the order of their names.
 *
 * @param meshWide true for an object in the root namespace
 * @throws ClusterError; GanglionError E_FLEET_TARGET for a target whose pods cannot be told
 */
export async function findProxies(
  cluster: Cluster,
  live: ReachingObject,
  meshWide: boolean,
): Promise<Reach> {
  const namespace = meshWide ? "" : live.key.namespace;
  const kind = { apiVersion: "v1", kind: "Pod" } as const;
  const pods: ClusterObject[] = [];
  for (const labelSelector of selectorsOf(live)) {
    pods.push(...(await cluster.list(kind, { namespace, labelSelector })));
  }
  pods.sort((a, b) => (podName(a) < podName(b) ? -1 : 1));
  const running = pods.filter(isRunning);
  return {
    proxies: running.filter(hasProxy).map(placeOfPod),
    without: running.filter((pod) => !hasProxy(pod)).map(podName),
  };
}

/**
 * Proxies that the user names.
 *
 * @param list `HOST:PORT[/PATH]`, separated by commas
 * @throws GanglionError E_FLEET_ADDRESS
 */
export function namedProxies(list: string, hint = PROXY_HINT): ProxyPlace[] {
  return list.split(",").map((text) => {
    const [, host, port, path] = /^(?:http:\/\/)?(.+):(\d{1,5})(\/.*)?$/.exec(text.trim()) ?? [];
    if (host === undefined || Number(port) > 65535) {
      throw new GanglionError("E_FLEET_ADDRESS", `${text} is not HOST:PORT[/PATH]`, {
        hint,
        exitCode: 64,
      });
    }
    // A socket takes an IPv6 address without the brackets that keep it from the port.
    const bare = host.replace(/^\[(.+)\]$/, "$1");
    const address = { host: bare, port: Number(port), path: path ?? ENVOY_PATH };
    return { name: `${host}:${port}`, address, pod: undefined };
  });
}

function selectorsOf(live: ReachingObject): string[] {
  const labels = Object.entries(live.selector).map(([name, value]) => `${name}=${value}`);
  if (live.targetRefs.length === 0) return [labels.join(",")];
  return live.targetRefs.map(({ kind, name }) => {
    if (kind === "Gateway") return `${GATEWAY_LABEL}=${name}`;
    throw new GanglionError(
      "E_FLEET_TARGET",
      `the object's target is ${kind} ${name}, whose proxies cannot be told from here`,
      { hint: "Name them with --proxies HOST:PORT,... or read them with --prometheus URL." },
    );
  });
}

interface PodBody {
  readonly spec?: { readonly containers?: Named[]; readonly initContainers?: Named[] };
  readonly status?: { readonly phase?: string; readonly podIP?: string };
}
interface Named {
  readonly name: string;
}

function isRunning(pod: ClusterObject): boolean {
  const { status } = pod as PodBody;
  const ended = status?.phase === "Succeeded" || status?.phase === "Failed";
  return !ended && pod.metadata.deletionTimestamp === undefined;
}

function hasProxy(pod: ClusterObject): boolean {
  const { spec } = pod as PodBody;
  // A native sidecar is an init container that stays.
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const { annotations = {} } = pod.metadata;
  return (
    containers.some(({ name }) => name === PROXY_CONTAINER) ||
    annotations["sidecar.istio.io/status"] !== undefined ||
    annotations["prometheus.io/path"] === ENVOY_PATH
  );
}

function placeOfPod(pod: ClusterObject): ProxyPlace {
  const { annotations = {} } = pod.metadata;
  const host = (pod as PodBody).status?.podIP;
  const port = Number(annotations["prometheus.io/port"] ?? ENVOY_PORT);
  const path = annotations["prometheus.io/path"] ?? ENVOY_PATH;
  return {
    name: podName(pod),
    address: host === undefined ? undefined : { host, port, path },
    pod: { namespace: pod.metadata.namespace ?? "default", name: pod.metadata.name },
  };
}

function podName(pod: ClusterObject): string {
  return `${pod.metadata.namespace ?? "default"}/${pod.metadata.name}`;
}
