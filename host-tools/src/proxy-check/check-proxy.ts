// A policy against one running proxy. What is expected is read from the objects that the policy renders, so
// that rendering and checking cannot drift apart.

import { serviceSelector } from "../config/pod-sets";
import type { PluginConfig } from "../config/plugin-config";
import type { Policy, PolicyService } from "../config/policy";
import { filterImage, filterKind } from "../istio/filter-object";
import type { KubeObject } from "../istio/kube-object";
import { ExitCode, GanglionError } from "../lib/errors";
import { nearest } from "../lib/nearest";
import { manifests } from "../manifests/manifests";
import { type Acted, actedOf } from "./acted";
import { type Answer, PROXY_GROUP } from "./answer";
import { checkDestinationRule } from "./check-clusters";
import { checkEndpoints } from "./check-endpoints";
import { checkFilter, modelFound } from "./check-filter";
import { checkGateway } from "./check-gateway";
import { checkAuthorization, checkInboundTls } from "./check-inbound";
import { checkEnvoyFilter } from "./check-patches";
import { checkVirtualService } from "./check-routes";
import { checkScope } from "./check-scope";
import { at } from "./json-value";
import { hasLabels } from "./labels";
import type { ProxyState } from "./proxy-state";

/** Of the rendered object, which is not asked for it: check-image.ts is. */
const ANY_IMAGE = "oci://registry.invalid/filter:any";

export interface ProxyCheck {
  /** `NAME.NAMESPACE` of the proxy's workload. */
  readonly proxy: string;
  /** The policy's service that it belongs to; undefined for a gateway and for others. */
  readonly service: string | undefined;
  readonly model: string;
  /** In the policy's order, what concerns the proxy itself first. */
  readonly answers: readonly Answer[];
  readonly acted: ReadonlyMap<string, Acted>;
}

/**
 * @param only the one service to look at
 * @throws GanglionError E_PROXY_SERVICE for one that the policy does not have
 */
export function checkProxy(
  policy: Policy,
  config: PluginConfig,
  state: ProxyState,
  only?: string,
): ProxyCheck {
  const groups = [...policy.services.map(({ name }) => name), ...(policy.providers?.keys() ?? [])];
  if (only !== undefined && !groups.includes(only)) throw unknownService(only, groups);
  const own = policy.services.find((service) => hasLabels(state.labels, serviceSelector(service)));
  const all = allAnswers(policy, config, state, own);
  const shown = only === undefined ? [PROXY_GROUP, ...groups] : [only];
  return {
    proxy: state.name,
    service: own?.name,
    model: modelFound(state),
    answers: distinct(shown.flatMap((group) => all.filter((one) => one.group === group))),
    acted: new Map(
      shown.flatMap((group) => {
        const acted = actedOf(hostOf(policy, group), state);
        return acted === undefined ? [] : [[group, acted] as const];
      }),
    ),
  };
}

function allAnswers(
  policy: Policy,
  config: PluginConfig,
  state: ProxyState,
  own: PolicyService | undefined,
): Answer[] {
  const called = new Set(own === undefined ? [] : policy.calls?.get(own.name));
  const objects = manifests(policy, config, {
    kind: filterKind("auto", policy.mesh.istio),
    image: filterImage(policy.mesh.image ?? ANY_IMAGE),
  }).map(({ object }) => object);
  return [
    ...checkFilter(policy, config, state),
    ...objects.flatMap((object) => objectAnswers(object, policy, state, called)),
    ...authorizationAnswers(objects, own?.name, state),
    ...policy.services.flatMap((service) => checkEndpoints(service, policy, state)),
    ...(own === undefined ? [] : checkInboundTls(own.name, policy, state)),
  ];
}

function objectAnswers(
  object: KubeObject,
  policy: Policy,
  state: ProxyState,
  called: ReadonlySet<string>,
): Answer[] {
  const { name } = object.metadata;
  switch (object.kind) {
    case "DestinationRule":
      return checkDestinationRule(object, name, state, called.has(name));
    case "VirtualService": {
      const service = policy.services.find((one) => one.name === name);
      return service ? checkVirtualService(object, service, state, called.has(name)) : [];
    }
    case "Sidecar": {
      const labels = at(object.spec, "workloadSelector", "labels") as Record<string, string>;
      return hasLabels(state.labels, labels) ? checkScope(object, policy, state) : [];
    }
    case "Gateway":
      return checkGateway(object, state);
    case "EnvoyFilter": {
      return checkEnvoyFilter(object, serviceOfName(name, policy) ?? PROXY_GROUP, state);
    }
    default:
      return [];
  }
}

/** The service that an object's name begins with; of `llm` and `llm-chat` the longer one. */
function serviceOfName(name: string, { services }: Policy): string | undefined {
  const names = services.map((service) => service.name);
  return names
    .filter((one) => name.startsWith(`${one}-`))
    .sort((a, b) => b.length - a.length)
    .at(0);
}

/** Of the proxy of a service that takes calls; a gateway's is under no policy of ours. */
function authorizationAnswers(
  objects: readonly KubeObject[],
  own: string | undefined,
  state: ProxyState,
): Answer[] {
  const isCalled = state.listeners.some(({ isInbound }) => isInbound);
  if (own === undefined || !isCalled) return [];
  return objects
    .filter(({ kind }) => kind === "AuthorizationPolicy")
    .flatMap((object) => checkAuthorization(object, own, state));
}

/** What holds in several places of the proxy is told once. */
function distinct(answers: readonly Answer[]): Answer[] {
  return [...new Map(answers.map((one) => [JSON.stringify(one), one])).values()];
}

function hostOf({ services, providers }: Policy, group: string): string {
  const service = services.find(({ name }) => name === group);
  return service?.host ?? providers?.get(group)?.host ?? "";
}

function unknownService(name: string, groups: readonly string[]): GanglionError {
  const close = nearest(name, groups);
  return new GanglionError("E_PROXY_SERVICE", `the policy has no service ${name}`, {
    hint: close === undefined ? `It has: ${groups.join(", ")}.` : `Did you mean ${close}?`,
    exitCode: ExitCode.usage,
  });
}
