// The caller of the assistant in a mesh of its own: the example's policy, its objects of traffic, the
// filter, and services that are endpoints with labels and nothing behind them.

import { compilePolicy } from "../../../host-tools/src/config/policy-compile";
import { readFilterModule } from "../../../host-tools/src/lib/filter-module";
import { assistantPolicy, ONE_PORT } from "../../support/assistant-policy";
import { filterIsThere } from "./filter-is-there";
import { policyObjects } from "./policy-objects";
import { withListener } from "./with-listener";
import { eventually, type KubeObject, Mesh, meshService, type Proxy } from "../rig";

export const NAMESPACE = "ai-services";
const CALLER = "conversation-service";
/** By which istiod knows a pod that speaks mutual TLS. */
const IN_MESH = { "security.istio.io/tlsMode": "istio" };
const KINDS = ["DestinationRule", "VirtualService", "ServiceEntry", "TrafficExtension"];

export interface AssistantCaller {
  readonly mesh: Mesh;
  readonly proxy: Proxy;
  /** Every object that the policy renders. */
  readonly objects: readonly KubeObject[];
}

/** Ready once the filter works in the caller's proxy. */
export async function startAssistantCaller(): Promise<AssistantCaller> {
  const mesh = await Mesh.start({ proxies: 0, namespaces: [NAMESPACE] });
  const { reference } = await mesh.registry.push(await readFilterModule(), "filter");
  const { policy } = compilePolicy(assistantPolicy, "ganglion.yaml");
  const objects = policyObjects(assistantPolicy, reference);
  const ip = mesh.nextIp();
  await mesh.apply([
    ...policy.services.map(({ name }) => service(name)),
    ...objects.filter(({ kind }) => KINDS.includes(kind)),
    ...objects.filter(isSidecarOfCaller).map((one) => withListener(one, ip, ONE_PORT)),
  ]);
  const proxy = await mesh.startProxy({
    name: CALLER,
    namespace: NAMESPACE,
    kind: "sidecar",
    labels: { app: CALLER, ganglion: "on" },
    serviceAccount: CALLER,
    ip,
  });
  await eventually("the filter", () => filterIsThere(proxy));
  return { mesh, proxy, objects };
}

function isSidecarOfCaller({ kind, metadata }: KubeObject): boolean {
  return kind === "Sidecar" && metadata.name === CALLER;
}

function service(name: string): KubeObject {
  const versions = name === "llm-service" ? ["v1", "mini", "v2"] : ["v1"];
  return meshService({
    host: name,
    namespace: NAMESPACE,
    port: ONE_PORT,
    endpoints: versions.map((version, i) => ({ port: 9 + i, labels: { ...IN_MESH, version } })),
  });
}
