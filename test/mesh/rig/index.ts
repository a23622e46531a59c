// The mesh rig's public doors.

export type { Account, AccountOptions, PolicyRule } from "./account";
export { eventually } from "./eventually";
export { FaultLink, type LinkState } from "./fault-link";
export { stablePorts } from "./free-ports";
export { goModuleDir, type Say } from "./go-programs";
export type { IstiodOptions } from "./istiod";
export { KubeClient, KubeRefusal, objectsOf, type KubeObject } from "./kube-client";
export { GATEWAY_LABELS, Mesh, type MeshOptions } from "./mesh";
export { meshCanRun } from "./mesh-can-run";
export { meshParts, type MeshParts } from "./parts";
export type { Part } from "./part";
export { Proxy, type ProxyOptions } from "./proxy";
export { httpGateway, meshService, type Endpoint } from "./traffic-objects";
