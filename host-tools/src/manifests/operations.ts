// Security and operations of a policy as objects and as files beside them. An object is there only
// where the policy says something: what it does not mention stays whoever's it is.

import type { PluginConfig } from "../config/plugin-config";
import type { Policy, PolicyService } from "../config/policy";
import type { Allow } from "../config/policy-security";
import { analysisTemplate } from "../kubernetes/analysis-template";
import { envoyExtensionPolicy } from "../kubernetes/envoy-extension-policy";
import { horizontalPodAutoscaler } from "../kubernetes/horizontal-pod-autoscaler";
import { namespaceObject } from "../kubernetes/namespace";
import { dashboardConfigMap, dashboardText } from "../grafana/config-map";
import { podMonitor, scrapeJob } from "../kubernetes/pod-monitor";
import { prometheusRule } from "../kubernetes/prometheus-rule";
import { scaledObject } from "../kubernetes/scaled-object";
import { adapterRules } from "../kubernetes/scaling-signal";
import { scalingTargets } from "../kubernetes/scaling-target";
import { workloadComponent, workloadPatch } from "../kubernetes/workload-patch";
import { allowPolicy, denyByDefault, tenantPolicy } from "../istio/authorization-policy";
import { endpointOverrideFilter } from "../istio/envoy-filter-endpoint-override";
import { globalLimitFilter } from "../istio/envoy-filter-global-limit";
import { localLimitFilter } from "../istio/envoy-filter-local-limit";
import type { FilterImage } from "../istio/filter-object";
import { istioOperator } from "../istio/install-values";
import type { KubeObject } from "../istio/kube-object";
import { peerAuthentication } from "../istio/peer-authentication";
import { rateLimitConfig } from "../istio/rate-limit-config";
import { tailSampling } from "../istio/tail-sampling";
import { telemetry } from "../istio/telemetry";
import { yamlText } from "../istio/yaml-text";

/**
 * Folder of the files that are no objects to apply: apart, so that whatever takes a whole folder
 * (kubectl, istioctl) finds objects only.
 */
export const BESIDE = "beside";

/** What has to be there before anything else of the policy. */
export function groundManifests({ mesh }: Policy): KubeObject[] {
  const { injection, revision } = mesh;
  if (injection === undefined && revision === undefined) return [];
  return [namespaceObject(mesh.namespace, { injection, revision })];
}

/**
 * Objects of security and operations: callers are allowed before anybody is denied.
 *
 * @param config of the filter, for an Envoy Gateway
 */
export function operationsManifests(
  policy: Policy,
  config: PluginConfig,
  image: FilterImage,
): KubeObject[] {
  return [
    ...security(policy),
    ...recording(policy),
    ...policy.services.flatMap((service) => envoyFilters(service, policy)),
    ...policy.services.flatMap((service) => scaling(service, policy)),
    ...policy.services.flatMap((service) => analysis(service, policy)),
    ...gateway(policy, config, image),
  ];
}

/** Files beside the objects, by name; none of them is an object to apply. */
export function operationsCompanions(policy: Policy): [file: string, text: string][] {
  const { mesh, name } = policy;
  const patch = workloadPatch(policy);
  const files: [string, string | undefined][] = [
    ["workload/kustomization.yaml", patch && workloadComponent()],
    ["workload/patch.yaml", patch],
    ["collector-tail-sampling.yaml", mesh.tracing && tailSampling(mesh.tracing)],
    ["rate-limit-service.yaml", rateLimitConfig(policy)],
    ["prometheus-adapter.yaml", mesh.prometheus && adapterRules(policy)],
    ["grafana-dashboard.json", mesh.dashboard && dashboardText(policy, mesh.dashboard)],
    ["prometheus-scrape.yaml", mesh.prometheus && scrapeJob(name, mesh, mesh.prometheus)],
    [
      "istio-operator.yaml",
      mesh.install && INSTALL_COMMENT + yamlText(istioOperator(mesh, mesh.install)),
    ],
  ];
  return files.flatMap(([file, text]) => (text === undefined ? [] : [[`${BESIDE}/${file}`, text]]));
}

const INSTALL_COMMENT = `\
# Not an object to apply: for \`istioctl install -f istio-operator.yaml\`.
`;

function security(policy: Policy): KubeObject[] {
  const { mesh, name, services } = policy;
  const tenants = [...(mesh.tenants ?? [])];
  return [
    ...(mesh.mtls === undefined ? [] : [peerAuthentication(name, mesh.namespace, mesh.mtls)]),
    ...services.flatMap((service) => {
      const allow = allowed(service, policy);
      return allow.length === 0 ? [] : [allowPolicy(service, allow, policy)];
    }),
    ...tenants.flatMap(([tenant, facts]) =>
      services
        .filter((service) => facts.services.includes(service.name))
        .map((service) => tenantPolicy(tenant, facts, service, mesh.namespace)),
    ),
    ...rateLimitCallers(policy),
    ...(mesh.deny_by_default ? [denyByDefault(name, mesh.namespace)] : []),
  ];
}

/** A rate limit service in a namespace that denies by default has to hear the limited services. */
function rateLimitCallers(policy: Policy): KubeObject[] {
  const { mesh, services } = policy;
  const backend = mesh.rate_limit_service;
  const limited = services.filter((service) => (service.global_limits?.length ?? 0) > 0);
  const [name = ""] = backend?.host.split(".") ?? [];
  const isOurs = backend?.host.startsWith(`${name}.${mesh.namespace}.svc.`) ?? false;
  if (!mesh.deny_by_default || !isOurs || limited.length === 0) return [];
  const from = limited.map((service) => service.name);
  const allow = { from, methods: undefined, paths: undefined };
  return [allowPolicy({ name, labels: { app: name } }, [allow], policy)];
}

/** What a service says itself, or, where everything else is refused, what `calls` needs. */
function allowed(service: PolicyService, policy: Policy): readonly Allow[] {
  if (service.allow !== undefined) return service.allow;
  if (!policy.mesh.deny_by_default) return [];
  const from = callersOf(service.name, policy);
  return from.length === 0 ? [] : [{ from, methods: undefined, paths: undefined }];
}

/** Services that call this one, by `calls`. */
export function callersOf(service: string, { calls }: Policy): string[] {
  return [...(calls ?? [])]
    .filter(([, callees]) => callees.includes(service))
    .map(([name]) => name);
}

function recording(policy: Policy): KubeObject[] {
  const { mesh, name } = policy;
  const { tracing, access_log: accessLog, prometheus, dashboard } = mesh;
  const hasTelemetry = tracing !== undefined || accessLog !== undefined;
  return [
    ...(hasTelemetry ? [telemetry(name, mesh.namespace, { tracing, accessLog })] : []),
    ...(prometheus === undefined
      ? []
      : [podMonitor(name, mesh, prometheus), prometheusRule(policy, prometheus)]),
    ...(dashboard === undefined ? [] : [dashboardConfigMap(policy, dashboard)]),
  ];
}

function envoyFilters(service: PolicyService, { mesh }: Policy): KubeObject[] {
  const { endpoint_override: header, global_limits: global, local_limits: local } = service;
  const backend = mesh.rate_limit_service;
  return [
    ...(header === undefined ? [] : [endpointOverrideFilter(service, mesh, header)]),
    ...(global === undefined || global.length === 0 || backend === undefined
      ? []
      : [globalLimitFilter(service, mesh, global, backend)]),
    ...(local === undefined ? [] : [localLimitFilter(service, mesh.namespace, local)]),
  ];
}

const SERVER_DEFAULT = "http://prometheus.istio-system:9090";

function scaling(service: PolicyService, policy: Policy): KubeObject[] {
  const { scaling: how } = service;
  const { namespace, prometheus } = policy.mesh;
  if (how === undefined) return [];
  return scalingTargets(service, policy).map((target) =>
    how.by === "hpa"
      ? horizontalPodAutoscaler(service, namespace, how, target)
      : scaledObject(service, namespace, how, target, prometheus?.server ?? SERVER_DEFAULT),
  );
}

function analysis(service: PolicyService, { mesh }: Policy): KubeObject[] {
  if (service.rollout === undefined || !mesh.argo_rollouts) return [];
  return [analysisTemplate(service, mesh, service.rollout)].filter((one) => one !== undefined);
}

function gateway({ mesh, name }: Policy, config: PluginConfig, image: FilterImage): KubeObject[] {
  const target = mesh.envoy_gateway;
  if (target === undefined) return [];
  return [envoyExtensionPolicy(name, mesh.namespace, target, image, config)];
}
