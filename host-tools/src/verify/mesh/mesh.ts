// The mesh that a set of objects describes: hosts, routes, rules of destinations, workloads, calls.
// Built once for a run; rules ask it and never look through the objects themselves.

import type { MeshObject } from "../source/mesh-object";
import { type View, viewOf } from "../source/view";
import { type Call, inferCalls, knownSequences, type ToldCalls } from "./call-graph";
import type { CallSequence } from "./call-sequence";
import { fullHost, hostMatches } from "./host-name";
import { type HttpRoute, readVirtualService, type VirtualService } from "./http-route";
import {
  readServices,
  readWorkloads,
  selects,
  type ServiceEntryPoint,
  type Workload,
} from "./workloads";

export interface MeshOptions {
  /** Who calls whom, as a policy file says it. */
  readonly calls?: ToldCalls | undefined;
  /** Whose objects hold for all namespaces; by default `istio-system`. */
  readonly rootNamespace?: string | undefined;
}

export class Mesh {
  private readonly byKind = new Map<string, MeshObject[]>();
  readonly virtualServices: readonly VirtualService[];
  readonly routes: readonly HttpRoute[];
  readonly services: readonly ServiceEntryPoint[];
  readonly workloads: readonly Workload[];
  readonly calls: readonly Call[];
  /** Calls that an answer waits for, in their order. */
  readonly sequences: readonly CallSequence[];
  readonly rootNamespace: string;
  /** Hosts of ServiceEntries. */
  readonly externalHosts: ReadonlySet<string>;
  private readonly rulesByHost = new Map<string, View[]>();
  private readonly wildcardRules: { host: string; view: View }[] = [];
  private readonly externalByHost = new Map<string, MeshObject>();
  private readonly podsByHost = new Map<string, readonly Workload[]>();
  private readonly routesByDestination = new Map<string, HttpRoute[]>();
  private readonly routesByHost = new Map<string, HttpRoute[]>();
  private readonly serviceByHost = new Map<string, ServiceEntryPoint>();

  constructor(
    readonly objects: readonly MeshObject[],
    options: MeshOptions = {},
  ) {
    for (const object of objects) add(this.byKind, object.kind, object);
    this.rootNamespace = options.rootNamespace ?? "istio-system";
    this.virtualServices = this.ofIstio("VirtualService").map(readVirtualService);
    this.routes = this.virtualServices.flatMap((service) => service.routes);
    this.indexRoutes();
    this.services = readServices(this.of("Service"));
    for (const service of this.services) this.serviceByHost.set(service.host, service);
    this.workloads = readWorkloads(objects);
    for (const object of this.ofIstio("ServiceEntry")) {
      for (const host of viewOf(object).at("spec", "hosts").texts()) {
        if (!this.externalByHost.has(host)) this.externalByHost.set(host, object);
      }
    }
    this.externalHosts = new Set(this.externalByHost.keys());
    for (const object of this.ofIstio("DestinationRule")) this.indexRule(object);
    this.sequences = knownSequences(this, options.calls);
    this.calls = inferCalls(this, options.calls);
  }

  of(kind: string): readonly MeshObject[] {
    return this.byKind.get(kind) ?? [];
  }

  /** Of an Istio kind; other projects have kinds of the same names. */
  ofIstio(kind: string): readonly MeshObject[] {
    return this.of(kind).filter((object) => object.group.endsWith("istio.io"));
  }

  /** DestinationRules that hold for the host. */
  destinationRules(host: string): readonly View[] {
    const own = this.rulesByHost.get(host) ?? [];
    const wild = this.wildcardRules.filter((rule) => hostMatches(rule.host, host));
    return wild.length === 0 ? own : [...own, ...wild.map((rule) => rule.view)];
  }

  allDestinationRules(): readonly View[] {
    return this.ofIstio("DestinationRule").map(viewOf);
  }

  service(host: string): ServiceEntryPoint | undefined {
    return this.serviceByHost.get(host);
  }

  /** An annotation of the host's Service or ServiceEntry. */
  annotationOf(host: string, name: string): string | undefined {
    const object = this.serviceByHost.get(host)?.object ?? this.externalByHost.get(host);
    return object?.annotations[name];
  }

  /** Workloads behind a host, of one subset where labels are given; empty where none is known. */
  workloadsOf(host: string, subset: Readonly<Record<string, string>> = {}): readonly Workload[] {
    const service = this.serviceByHost.get(host);
    if (service === undefined || Object.keys(service.selector).length === 0) return [];
    let pods = this.podsByHost.get(host);
    if (pods === undefined) {
      const { namespace } = service.object;
      pods = this.workloads.filter(
        ({ object, labels }) => object.namespace === namespace && selects(service.selector, labels),
      );
      this.podsByHost.set(host, pods);
    }
    return pods.filter(({ labels }) => selects(subset, labels));
  }

  /** Routes by which sidecars reach this host. */
  routesTo(host: string): readonly HttpRoute[] {
    return this.routesByHost.get(host) ?? [];
  }

  /** Routes that send to this host, of whatever host they are themselves, at gateways too. */
  routesInto(host: string): readonly HttpRoute[] {
    return this.routesByDestination.get(host) ?? [];
  }

  /** Members of the first DestinationRule's subset of this name. */
  subset(host: string, name: string): View | undefined {
    return this.destinationRules(host)
      .flatMap((rule) => rule.at("spec", "subsets").items())
      .find((subset) => subset.at("name").text() === name);
  }

  private indexRoutes(): void {
    for (const service of this.virtualServices) {
      const hosts = service.gateways.includes("mesh") ? service.hosts : [];
      for (const host of new Set(hosts.map((one) => one.host))) {
        for (const route of service.routes) add(this.routesByHost, host, route);
      }
    }
    for (const route of this.routes) {
      for (const host of new Set(route.destinations.map((one) => one.host))) {
        add(this.routesByDestination, host, route);
      }
    }
  }

  private indexRule(object: MeshObject): void {
    const view = viewOf(object);
    const host = fullHost(view.at("spec", "host").text() ?? "", object.namespace);
    if (host.startsWith("*")) this.wildcardRules.push({ host, view });
    else add(this.rulesByHost, host, view);
  }
}

function add<T>(table: Map<string, T[]>, key: string, value: T): void {
  const list = table.get(key);
  if (list === undefined) table.set(key, [value]);
  else list.push(value);
}
