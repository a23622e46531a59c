// Routes of VirtualServices with what their numbers come to.

import type { MeshObject } from "../source/mesh-object";
import { type View, viewOf } from "../source/view";
import { exportedTo, fullHost } from "./host-name";

export interface VirtualService {
  readonly object: MeshObject;
  readonly view: View;
  readonly hosts: readonly { readonly view: View; readonly host: string }[];
  /** `mesh` for the sidecars; a gateway as NAMESPACE/NAME. */
  readonly gateways: readonly string[];
  readonly exportTo: readonly string[];
  readonly routes: readonly HttpRoute[];
}

export interface Destination {
  readonly view: View;
  readonly host: string;
  readonly subset: string | undefined;
  /** As written; 0 where there is none. */
  readonly weight: number;
  /** In percent; a single destination has 100 whatever its weight. */
  readonly share: number;
}

export interface Retries {
  readonly view: View;
  /** Further tries after the first. */
  readonly attempts: number;
  readonly perTryMs: number | undefined;
  readonly conditions: readonly string[];
  readonly backoffMs: number;
}

export interface HttpRoute {
  readonly view: View;
  readonly service: VirtualService;
  /** As messages call it: its own name or its number. */
  readonly name: string;
  /** Undefined where there is none; Istio then waits without end. */
  readonly timeoutMs: number | undefined;
  /** What is written; undefined for Istio's own, which only repeat what was never executed. */
  readonly retries: Retries | undefined;
  readonly destinations: readonly Destination[];
  readonly matches: readonly View[];
}

/** Istio's base of the back-off between tries. */
const BACKOFF_MS = 25;

export function readVirtualService(object: MeshObject): VirtualService {
  const view = viewOf(object);
  const spec = view.at("spec");
  const gateways = spec.at("gateways").texts();
  const routes: HttpRoute[] = [];
  const service: VirtualService = {
    object,
    view,
    hosts: spec
      .at("hosts")
      .items()
      .map((item) => ({ view: item, host: fullHost(item.text() ?? "", object.namespace) })),
    gateways:
      gateways.length === 0
        ? ["mesh"]
        : gateways.map((name) =>
            name === "mesh" || name.includes("/") ? name : `${object.namespace}/${name}`,
          ),
    exportTo: exportedTo(spec.at("exportTo").texts(), object.namespace),
    routes,
  };
  routes.push(
    ...spec
      .at("http")
      .items()
      .map((route, i) => readRoute(service, route, i))
      .filter(({ view: route }) => route.isMap),
  );
  return service;
}

function readRoute(service: VirtualService, view: View, i: number): HttpRoute {
  const timeoutMs = view.at("timeout").durationMs();
  const name = view.at("name").text();
  return {
    view,
    service,
    name: name === undefined ? `route ${i + 1}` : `route "${name}"`,
    timeoutMs: timeoutMs === 0 ? undefined : timeoutMs,
    retries: readRetries(view.at("retries")),
    destinations: readDestinations(view.at("route"), service.object.namespace),
    matches: view.at("match").items(),
  };
}

function readRetries(view: View): Retries | undefined {
  const attempts = view.at("attempts").number();
  if (attempts === undefined) return undefined;
  return {
    view,
    attempts,
    perTryMs: view.at("perTryTimeout").durationMs() || undefined,
    conditions: (view.at("retryOn").text() ?? "")
      .split(",")
      .map((one) => one.trim())
      .filter(Boolean),
    backoffMs: view.at("backoff").durationMs() ?? BACKOFF_MS,
  };
}

function readDestinations(list: View, namespace: string): Destination[] {
  const items = list.items();
  const weights = items.map((item) => item.at("weight").number() ?? 0);
  const sum = weights.reduce((a, b) => a + b, 0);
  return items.map((view, i) => ({
    view,
    host: fullHost(view.at("destination", "host").text() ?? "", namespace),
    subset: view.at("destination", "subset").text(),
    weight: weights[i] ?? 0,
    share: items.length === 1 ? 100 : sum === 0 ? 0 : ((weights[i] ?? 0) / sum) * 100,
  }));
}
