// A global rate limit takes four parts that name each other: the filter, the cluster of the service,
// actions on routes that make descriptors, and the service's own configuration of those.

import { parse } from "yaml";
import { addObject, setValue } from "../fix/edit-view";
import type { TextEdit } from "../fix/text-edit";
import { hostMatches } from "../mesh/host-name";
import type { MeshObject } from "../source/mesh-object";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf } from "../rule";
import { type View, viewOf } from "../source/view";
import { meet, patchesOf, type TypedFilter } from "./envoy-patches";

export function* checkGlobalLimit(mesh: Mesh, filter: TypedFilter): Iterable<Finding> {
  const name = filter.config.at("rate_limit_service", "grpc_service", "envoy_grpc", "cluster_name");
  const served = servedLimits(mesh);
  const ownActions = filter.config.at("rate_limits").items();
  const actions = [...ownActions, ...actionsOf(mesh, filter)];
  if (actions.length === 0) yield withoutActions(filter, served);
  if (name.exists && !hasCluster(mesh, name.text() ?? "")) yield withoutCluster(filter, name);
  const domain = filter.config.at("domain");
  const domains = [...new Set(served.map((one) => one.domain))];
  if (domains.length > 0 && domain.exists && !domains.includes(domain.text() ?? "")) {
    yield otherDomain(domain, domains);
  } else yield* otherKeys(actions, served, domain.text() ?? "");
}

/** What a rate-limit service is configured with, by config maps of its form. */
interface ServedLimits {
  readonly domain: string;
  /** Keys of the first level of descriptors. */
  readonly keys: readonly string[];
  readonly at: View;
}

function servedLimits(mesh: Mesh): ServedLimits[] {
  return mesh.of("ConfigMap").flatMap((object) =>
    viewOf(object)
      .at("data")
      .members()
      .flatMap(([, view]) => {
        const text = view.text() ?? "";
        const found = /^\s*domain:/m.test(text) ? parsedLimits(text) : undefined;
        return found === undefined ? [] : [{ ...found, at: view }];
      }),
  );
}

function parsedLimits(text: string): { domain: string; keys: string[] } | undefined {
  try {
    const value = parse(text) as { domain?: unknown; descriptors?: { key?: unknown }[] } | null;
    if (typeof value?.domain !== "string" || !Array.isArray(value.descriptors)) return undefined;
    const keys = value.descriptors.flatMap(({ key }) => (typeof key === "string" ? [key] : []));
    return { domain: value.domain, keys };
  } catch {
    return undefined;
  }
}

/** `rate_limits` that patches put on routes which a proxy with the filter has. */
function actionsOf(mesh: Mesh, filter: TypedFilter): View[] {
  return patchesOf(mesh)
    .filter((patch) =>
      ["HTTP_ROUTE", "VIRTUAL_HOST", "ROUTE_CONFIGURATION"].includes(patch.applyTo),
    )
    .filter((patch) => meet(patch, filter.patch))
    .flatMap(({ value }) => [...value.everything()])
    .filter((view) => view.path.at(-1) === "rate_limits")
    .flatMap((view) => view.items());
}

function hasCluster(mesh: Mesh, name: string): boolean {
  const istio = ISTIO_CLUSTER.exec(name)?.[2];
  if (istio !== undefined) {
    const known = mesh.services.length > 0 || mesh.externalHosts.size > 0;
    const hosts = [...mesh.services.map((one) => one.host), ...mesh.externalHosts];
    // Without any service the input is a part of the mesh, and the host may well be there.
    return !known || hosts.some((host) => hostMatches(host, istio));
  }
  return patchesOf(mesh).some(
    ({ applyTo, value }) => applyTo === "CLUSTER" && value.at("name").text() === name,
  );
}

function withoutActions(filter: TypedFilter, served: readonly ServedLimits[]): Finding {
  const keys = served[0]?.keys ?? ["generic_key"];
  return {
    at: filter.config,
    message:
      "No route has rate_limits actions for this filter, so a request makes 0 descriptors and the filter asks the " +
      "service 0 times: nothing is ever limited, also with failure_mode_deny.",
    advice: `Put actions on the routes, as here for ${keys.join(", ")}.`,
    fix: withActions(filter, keys),
    ...(served[0] === undefined
      ? {}
      : { related: [{ at: served[0].at, message: "limits that are never asked for" }] }),
  };
}

function withActions(filter: TypedFilter, keys: readonly string[]): TextEdit[] | undefined {
  const { object } = filter.config;
  const { context, labels } = filter.patch;
  return fixOf(
    addObject(object, {
      apiVersion: object.apiVersion,
      kind: "EnvoyFilter",
      metadata: { name: `${object.name}-actions`, namespace: object.namespace },
      spec: {
        ...(Object.keys(labels).length === 0 ? {} : { workloadSelector: { labels } }),
        configPatches: [
          {
            applyTo: "VIRTUAL_HOST",
            match: { context },
            patch: {
              operation: "MERGE",
              value: { rate_limits: keys.map((key) => ({ actions: [actionOf(key)] })) },
            },
          },
        ],
      },
    }),
  );
}

/** A descriptor of this key, from the header of that name. */
function actionOf(key: string): object {
  if (key === "generic_key") return { generic_key: { descriptor_value: "all" } };
  if (key === "remote_address") return { remote_address: {} };
  const header = key.toLowerCase().replaceAll("_", "-");
  return {
    request_headers: {
      header_name: header.startsWith("x-") ? header : `x-${header}`,
      descriptor_key: key,
    },
  };
}

function withoutCluster(filter: TypedFilter, name: View): Finding {
  const { object } = filter.config;
  const cluster = name.text() ?? "";
  const istio = ISTIO_CLUSTER.exec(cluster);
  return {
    at: name,
    message:
      `No cluster is called "${cluster}": the proxy makes 0 connections to the service, and Envoy ` +
      "rejects a filter whose cluster it does not know, or lets its requests through.",
    advice:
      istio === null
        ? "Add the cluster, with HTTP/2 to the service's port, and check that the address is yours."
        : "Istio makes this cluster of a Service or ServiceEntry with that host and port: add it.",
    fix: fixOf(
      addObject(
        object,
        istio === null
          ? clusterPatch(filter, cluster)
          : serviceEntry(object, Number(istio[1]), istio[2] ?? ""),
      ),
    ),
  };
}

/** `outbound|PORT|SUBSET|HOST`, as Istio names the clusters that it makes. */
const ISTIO_CLUSTER = /^outbound\|(\d+)\|[^|]*\|(.+)$/;

function serviceEntry(object: MeshObject, port: number, host: string): object {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: `${object.name}-service`, namespace: object.namespace },
    spec: {
      hosts: [host],
      location: "MESH_INTERNAL",
      resolution: "DNS",
      ports: [{ number: port, name: "grpc", protocol: "GRPC" }],
    },
  };
}

function clusterPatch(filter: TypedFilter, cluster: string): object {
  const { object } = filter.config;
  const { context, labels } = filter.patch;
  const host = `ratelimit.${object.namespace}.svc.cluster.local`;
  return {
    apiVersion: object.apiVersion,
    kind: "EnvoyFilter",
    metadata: { name: `${object.name}-cluster`, namespace: object.namespace },
    spec: {
      ...(Object.keys(labels).length === 0 ? {} : { workloadSelector: { labels } }),
      configPatches: [
        {
          applyTo: "CLUSTER",
          match: { context },
          patch: { operation: "ADD", value: clusterOf(cluster, host) },
        },
      ],
    },
  };
}

function clusterOf(name: string, host: string): object {
  const address = { socket_address: { address: host, port_value: 8081 } };
  return {
    name,
    type: "STRICT_DNS",
    connect_timeout: "0.25s",
    lb_policy: "LEAST_REQUEST",
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
    },
  };
}

function otherDomain(domain: View, domains: readonly string[]): Finding {
  const [first] = domains;
  return {
    at: domain,
    message:
      `The filter asks in domain "${domain.text() ?? ""}", the service has limits in ${domains.map((one) => `"${one}"`).join(", ")}: ` +
      "0 limits apply.",
    advice: "Use one domain in both.",
    fix: first === undefined ? undefined : fixOf(setValue(domain, first)),
  };
}

function* otherKeys(
  actions: readonly View[],
  served: readonly ServedLimits[],
  domain: string,
): Iterable<Finding> {
  const keys = served.filter((one) => one.domain === domain).flatMap((one) => one.keys);
  if (keys.length === 0) return;
  const asked = actions.map((action) => ({ action, key: firstKey(action) }));
  // A key that cannot be told from the text may be the right one.
  if (asked.some(({ key }) => key === undefined || keys.includes(key))) return;
  for (const { action, key = "" } of asked) {
    const place = action.at("actions", 0, "request_headers", "descriptor_key");
    yield {
      at: place.exists ? place : action,
      message: `This action makes descriptors of key "${key}"; the service limits ${keys.join(", ")}: 0 limits apply.`,
      advice: `Use the service's key${keys.length > 1 ? "s" : ""}.`,
      fix: place.exists && keys[0] !== undefined ? fixOf(setValue(place, keys[0])) : undefined,
    };
  }
}

/** Key of the first entry of an action's descriptor. */
function firstKey(action: View): string | undefined {
  const first = action.at("actions", 0);
  const header = first.at("request_headers", "descriptor_key").text();
  if (header !== undefined) return header;
  const generic = first.at("generic_key");
  if (generic.exists) return generic.at("descriptor_key").text() ?? "generic_key";
  return first.at("remote_address").exists ? "remote_address" : undefined;
}
