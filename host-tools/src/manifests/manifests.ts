// Everything that one policy puts into a mesh, as a list of files with one object each, in the
// order in which they are applied: subsets before the rules that name them, the filter last.

import type { PluginConfig } from "../config/plugin-config";
import { policyForIstio } from "../config/istio-needs";
import type { IstioVersion, Policy, PolicyRoute, PolicyService } from "../config/policy";
import { destinationRule } from "../istio/destination-rule";
import { type FilterImage, type FilterKind, filterObject } from "../istio/filter-object";
import type { KubeObject } from "../istio/kube-object";
import { gateway } from "../istio/gateway";
import { BESIDE, groundManifests, operationsCompanions, operationsManifests } from "./operations";
import { providerObjects } from "../istio/service-entry";
import { sidecar } from "../istio/sidecar";
import { extraStatTagValues } from "../istio/stat-tags";
import { virtualService } from "../istio/virtual-service";
import { yamlText } from "../istio/yaml-text";
import { deployments, workloadGround } from "./workloads";

export interface Manifest {
  /** File name, stable for the same object. */
  readonly file: string;
  readonly object: KubeObject;
}

export interface ManifestChoices {
  readonly kind: FilterKind;
  readonly image: FilterImage;
  /** Over the version in the policy. */
  readonly istio?: IstioVersion;
}

/** @throws GanglionError E_POLICY where it says what the mesh's version does not know */
export function manifests(
  written: Policy,
  config: PluginConfig,
  choices: ManifestChoices,
): Manifest[] {
  const policy = policyForIstio(written, choices.istio ?? written.mesh.istio);
  const { mesh } = policy;
  const filter = filterObject(choices.kind, policy.name, mesh, choices.image, config);
  const objects = [
    ...groundManifests(policy),
    ...workloadGround(policy),
    ...trafficManifests(policy),
    ...operationsManifests(policy, config, choices.image),
    ...deployments(policy),
    filter,
  ];
  return objects.map((object) => ({
    file: `${object.kind.toLowerCase()}-${object.metadata.name}.yaml`,
    object,
  }));
}

/** Ways in and out first, then what is called, then the rules that name it. */
function trafficManifests(policy: Policy): KubeObject[] {
  const { mesh, services } = policy;
  const { namespace } = mesh;
  return [
    ...[...(policy.gateway ?? [])].map(([name, one]) => gateway(name, one, namespace)),
    ...[...(policy.providers ?? [])].flatMap(([name, one]) =>
      providerObjects(name, one, namespace),
    ),
    ...services.flatMap((service) => destinationRule(service, mesh) ?? []),
    ...services
      .filter((service) => needsRules(service, policy))
      .map((service) => virtualService(service, policy)),
    ...services.flatMap((service) => sidecar(service, policy) ?? []),
  ];
}

/**
 * Files that go beside the objects in a folder: what kustomize reads, and the labels of our
 * metrics.
 */
export function companionFiles(
  list: readonly Manifest[],
  policy: Policy,
): [file: string, text: string][] {
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    resources: list.map(({ file }) => file),
  };
  return [
    ["kustomization.yaml", yamlText(kustomization)],
    [`${BESIDE}/istio-values.yaml`, STAT_TAGS_COMMENT + yamlText(extraStatTagValues())],
    ...operationsCompanions(policy),
  ];
}

const STAT_TAGS_COMMENT = `\
# Not an object to apply: merge it into the values of Istio's installation, or put the list
# into the annotation proxy.istio.io/config of the workloads. Without it the labels stay in the
# metrics' names.
`;

/** A service whose routes only score and limit has nothing that a VirtualService could say. */
function needsRules(service: PolicyService, { gateway: gateways }: Policy): boolean {
  const isOpen = [...(gateways?.values() ?? [])].some((one) => one.service === service.name);
  const isSaid = (route: PolicyRoute): boolean =>
    route.timeoutMs !== undefined || route.retries !== undefined;
  return isOpen || service.arms.length > 0 || service.routes.some(isSaid);
}
