// From a command's options to what a change needs: a cluster, the place of the object, the way to
// its proxies.

import { randomInt } from "node:crypto";
import { connectCluster, type Cluster, type ConnectionChoices } from "../cluster";
import type { FilterKind } from "../istio/filter-object";
import { ExitCode, GanglionError } from "../lib/errors";
import { readFilterModule } from "../lib/filter-module";
import { seededPrng } from "../lib/prng";
import { say } from "../lib/talk";
import { systemRetryClock } from "../oci";
import type { ChangePorts } from "./change-weights";
import { istiodsAt } from "./control-plane";
import type { Fleet } from "./fleet";
import { fetchModule } from "./image-check";
import type { FilterPlace, LiveFilter } from "./live-filter";
import { apiServerSource, checkedPrometheus, directSource } from "./page-source";
import { type PageSource, prometheusSource } from "./page-source";
import { findProxies, namedProxies } from "./proxy-finder";

export interface TargetOptions extends ConnectionChoices {
  /** Name of the object. */
  readonly name: string;
  readonly kind?: "wasmplugin" | "trafficextension";
  /** The namespace in which objects reach the whole mesh. */
  readonly rootNamespace: string;
  readonly meshWide?: boolean;
}

export interface FleetOptions {
  /** Addresses of metrics pages, separated by commas. */
  readonly proxies?: string;
  /** Address of a Prometheus. */
  readonly prometheus?: string;
  readonly through: "direct" | "apiserver";
  /** Addresses of istiod's monitoring pages, separated by commas. */
  readonly istiod?: string;
}

export interface Session {
  readonly ports: ChangePorts;
  readonly cluster: Cluster;
  readonly place: FilterPlace;
  readonly fleetOf: (live: LiveFilter) => Fleet;
}

export interface ImageOptions {
  readonly plainHttp?: boolean;
}

/** @throws GanglionError E_CLUSTER_CONFIG, E_MESH_WIDE, E_FLEET_ADDRESS, E_FLEET_SOURCE */
export async function openSession(
  target: TargetOptions,
  fleet: FleetOptions,
  image: ImageOptions = {},
): Promise<Session> {
  const cluster = await connectCluster(target);
  const { namespace } = cluster;
  const isRoot = namespace === target.rootNamespace;
  if (isRoot && target.meshWide !== true) {
    throw new GanglionError(
      "E_MESH_WIDE",
      `${namespace} is Istio's root namespace: an object there reaches the proxies of all namespaces`,
      { hint: "Name another namespace with -n, or say --mesh-wide.", exitCode: ExitCode.usage },
    );
  }
  const source = sourceOf(cluster, fleet);
  const named = fleet.proxies === undefined ? undefined : namedProxies(fleet.proxies);
  const controlPlane = fleet.istiod === undefined ? undefined : istiodsAt(fleet.istiod);
  const { plainHttp } = image;
  return {
    cluster,
    place: { namespace, name: target.name, kind: kindOf(target.kind) },
    fleetOf: (live) => ({
      source,
      controlPlane,
      find: () =>
        named === undefined
          ? findProxies(cluster, live, isRoot)
          : Promise.resolve({ proxies: named, without: [] }),
    }),
    ports: {
      cluster,
      fetchModule: (live) => fetchModule(live, plainHttp === undefined ? {} : { plainHttp }),
      ownModule: readFilterModule,
      clock: systemRetryClock,
      prng: seededPrng(randomInt(2 ** 31)),
      say,
    },
  };
}

function sourceOf(cluster: Cluster, fleet: FleetOptions): PageSource {
  if (fleet.prometheus !== undefined) return prometheusSource(checkedPrometheus(fleet.prometheus));
  return fleet.through === "apiserver" ? apiServerSource(cluster) : directSource;
}

function kindOf(kind: TargetOptions["kind"]): FilterKind | undefined {
  if (kind === undefined) return undefined;
  return kind === "wasmplugin" ? "WasmPlugin" : "TrafficExtension";
}
