// What a ganglion.yaml means, as values: the services with their arms and routes, and the facts
// about the mesh that the manifests need. Not yet the filter's configuration (policy-compile.ts):
// arms are still subsets of a host, routes still have timeouts, which are Envoy's business and not
// the filter's.

import type {
  AnomalyConfig,
  EjectionConfig,
  MatchConfig,
  ModeConfig,
  PluginConfig,
} from "./plugin-config";
import type { IstioNeed, PolicyPlace } from "./policy-node";
import type { operationsMeshFields, operationsServiceFields } from "./policy-operations";
import type { rolloutServiceFields } from "./policy-rollout";
import type { trafficMeshFields, trafficRootFields, trafficServiceFields } from "./policy-traffic";
import type { Pool } from "./policy-upstream";
import type { ArmWorkload, workloadServiceFields } from "./policy-workload";
import type { FieldValues } from "./shape/shape";

/** Members of sections keep the names of the file: `service.pool?.connections_max`. */
type MeshSections = Partial<FieldValues<typeof trafficMeshFields & typeof operationsMeshFields>>;
type ServiceSections = FieldValues<
  typeof trafficServiceFields &
    typeof operationsServiceFields &
    typeof rolloutServiceFields &
    typeof workloadServiceFields
>;
type RootSections = FieldValues<typeof trafficRootFields>;

/** `major.minor` of Istio. */
export interface IstioVersion {
  readonly major: number;
  readonly minor: number;
}

export interface MeshFacts extends MeshSections {
  readonly istio: IstioVersion;
  readonly namespace: string;
  /** Labels of the workloads that call the services: their proxies run the filter. Empty: all. */
  readonly workloads: Readonly<Record<string, string>>;
  /** Gateways that the VirtualServices bind to; empty: the mesh alone. */
  readonly gateways: readonly string[];
  /** The filter's image, `oci://...`; undefined where the command line gives it. */
  readonly image: string | undefined;
}

export interface StandaloneFacts {
  /** `address:port` that the standalone Envoy listens on. */
  readonly listen: SocketPlace;
  readonly admin: SocketPlace;
}
export interface SocketPlace {
  readonly address: string;
  readonly port: number;
}

export interface PolicyArm {
  readonly name: string;
  readonly weight: number | undefined;
  readonly isDefault: boolean;
  readonly subset: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Over the service's pool, member by member. */
  readonly pool: Pool | undefined;
  /** Over the service's workload, member by member. */
  readonly workload: ArmWorkload | undefined;
  /** For the standalone Envoy only. */
  readonly address: SocketPlace | undefined;
  readonly place: PolicyPlace;
}

export interface PolicyRetries {
  readonly attempts: number;
  readonly perTryTimeoutMs: number | undefined;
  /** Base interval between tries. */
  readonly backoffMs: number | undefined;
  /** Envoy's retry conditions, e.g. `5xx`, `reset`. */
  readonly on: readonly string[];
}

export interface PolicyLimit {
  readonly name: string;
  readonly mode: ModeConfig | undefined;
  readonly keyHeader: string | undefined;
  /** Rate of each value without a rate of its own. */
  readonly requestsPerSecond: unknown;
  readonly burst: unknown;
  readonly values: readonly PolicyLimitValue[];
  readonly place: PolicyPlace;
}
export interface PolicyLimitValue {
  readonly value: string;
  readonly requestsPerSecond: unknown;
  readonly burst: unknown;
  readonly place: PolicyPlace;
}

export interface PolicyRoute {
  readonly name: string;
  readonly match: MatchConfig;
  readonly mode: ModeConfig | undefined;
  /** Of the whole request in ms; undefined leaves Istio's default, 0 is none. */
  readonly timeoutMs: number | undefined;
  readonly retries: PolicyRetries | undefined;
  /** Services, providers or SERVICE/ROUTE, one after another; an inner list at once. */
  readonly waitsFor: readonly (string | readonly string[])[] | undefined;
  readonly arms: readonly PolicyArm[];
  readonly fallback: readonly string[] | undefined;
  readonly ejection: EjectionConfig | undefined;
  readonly limits: readonly PolicyLimit[];
  readonly anomaly: AnomalyConfig | undefined;
  readonly place: PolicyPlace;
  /** Of `retries`, else of the route. */
  readonly retriesPlace: PolicyPlace;
}

export interface PolicyService extends ServiceSections {
  readonly name: string;
  /** Fully qualified. */
  readonly host: string;
  readonly port: number | undefined;
  readonly arms: readonly PolicyArm[];
  readonly routes: readonly PolicyRoute[];
  readonly place: PolicyPlace;
}

/** Members of the configuration's root that the policy sets under the same name. */
export type PolicySettings = Omit<PluginConfig, "version" | "routes" | "model">;

export interface Policy extends RootSections {
  /** How complaints call the file. */
  readonly file: string;
  /** Of the object that carries the filter. */
  readonly name: string;
  readonly settings: PolicySettings;
  /** Where the file says each of its root members. */
  readonly settingPlaces: ReadonlyMap<string, PolicyPlace>;
  /** Members that not every Istio knows. */
  readonly istioNeeds: readonly IstioNeed[];
  readonly mesh: MeshFacts;
  readonly standalone: StandaloneFacts;
  readonly services: readonly PolicyService[];
}

/** The arm that gets no routing header: the one that says so, else the first. */
export function defaultArm(arms: readonly PolicyArm[]): PolicyArm | undefined {
  return arms.find((arm) => arm.isDefault) ?? arms[0];
}
