// A fault moved from the caller's routes to the callee's own proxy, where it is a real answer: routes
// time out on it, outlier detection counts it.

import { clusterHost } from "../mesh/host-name";
import type { HttpRoute } from "../mesh/http-route";
import type { Mesh } from "../mesh/mesh";
import { trimmed } from "../source/duration";
import type { View } from "../source/view";
import { addObject, removeValue } from "./edit-view";
import type { TextEdit } from "./text-edit";

/** Takes `fault.abort` or `fault.delay` out of the route and puts it before the callee's router. */
export function movedFault(
  mesh: Mesh,
  route: HttpRoute,
  kind: "abort" | "delay",
): TextEdit[] | undefined {
  const { object } = route.service;
  const removed = removeValue(route.view.at("fault", kind));
  const [target] = route.destinations;
  const place = target === undefined ? undefined : clusterHost(target.host);
  const headers = headerMatchers(route.matches);
  if (removed === undefined) return undefined;
  if (place === undefined || route.destinations.length !== 1 || headers === undefined) {
    return [removed];
  }
  const labels = mesh.service(target?.host ?? "")?.selector ?? { app: place.name };
  const filter = {
    apiVersion: "networking.istio.io/v1alpha3",
    kind: "EnvoyFilter",
    metadata: {
      name: `${object.name}-${kind}-${String(route.view.path.at(-1))}`,
      namespace: place.namespace,
    },
    spec: {
      workloadSelector: { labels },
      configPatches: [
        {
          applyTo: "HTTP_FILTER",
          match: {
            context: "SIDECAR_INBOUND",
            listener: {
              filterChain: {
                filter: {
                  name: "envoy.filters.network.http_connection_manager",
                  subFilter: { name: "envoy.filters.http.router" },
                },
              },
            },
          },
          patch: {
            operation: "INSERT_BEFORE",
            value: {
              name: "envoy.filters.http.fault",
              typed_config: {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
                ...(kind === "abort" ? abort(route.view) : delay(route.view)),
                ...(headers.length === 0 ? {} : { headers }),
              },
            },
          },
        },
      ],
    },
  };
  const added = addObject(object, filter);
  return added === undefined ? [removed] : [removed, added];
}

function abort(route: View): object {
  const fault = route.at("fault", "abort");
  return {
    abort: { http_status: fault.at("httpStatus").number() ?? 503, percentage: percentage(fault) },
  };
}

function delay(route: View): object {
  const fault = route.at("fault", "delay");
  return {
    // Envoy's durations are seconds, where Istio also takes minutes and milliseconds.
    delay: {
      fixed_delay: `${trimmed((fault.at("fixedDelay").durationMs() ?? 0) / 1000)}s`,
      percentage: percentage(fault),
    },
  };
}

/** Envoy counts parts of a million where Istio has fractions of a percent. */
function percentage(fault: View): object {
  const percent = fault.at("percentage", "value").number() ?? 100;
  return { numerator: Math.round(percent * 10_000), denominator: "MILLION" };
}

/** The route's one match as header matchers; undefined where they cannot say it. */
function headerMatchers(matches: readonly View[]): object[] | undefined {
  if (matches.length === 0) return [];
  const [match] = matches;
  if (matches.length > 1 || match === undefined) return undefined;
  const matchers: object[] = [];
  for (const [key, view] of match.members()) {
    if (key === "name") continue;
    if (key === "headers") {
      for (const [name, one] of view.members()) matchers.push(matcher(name, one));
    } else if (key === "uri") matchers.push(matcher(":path", view));
    else if (key === "method") matchers.push(matcher(":method", view));
    else return undefined;
  }
  return matchers;
}

function matcher(name: string, view: View): object {
  const [kind, value] = view.members()[0] ?? [];
  if (kind === undefined) return { name, present_match: true };
  const text = value?.text() ?? "";
  return {
    name,
    string_match: kind === "regex" ? { safe_regex: { regex: text } } : { [kind]: text },
  };
}
