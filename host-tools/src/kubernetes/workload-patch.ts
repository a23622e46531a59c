// What the Deployments of the policy's workloads need on their pods: a strategic merge patch,
// because the Deployments are not ours.

import type { Policy } from "../config/policy";
import type { ProxyResources } from "../config/policy-proxy";
import { METRIC_LABELS } from "../istio/stat-tags";
import { yamlText } from "../istio/yaml-text";
import { METRICS_PATH, metricsPort } from "./pod-monitor";
import { interceptAnnotations, resourceAnnotations, scrapeAnnotations } from "./pod-annotations";

const COMMENT = `\
# Not an object to apply: a patch for the pods of the workloads' Deployments, by the component
# beside it. The name below stands for that of each of them.
`;

const COMPONENT_COMMENT = `\
# Not an object to apply: a component of kustomize. An overlay that lists this folder under
# \`components\` gets the patch into each of its Deployments but those of the policy, which say more.
`;

const NOT_OURS = "app.kubernetes.io/managed-by!=ganglion";

/** What an overlay with the workloads' Deployments lists, in the folder of the patch. */
export function workloadComponent(): string {
  return (
    COMPONENT_COMMENT +
    yamlText({
      apiVersion: "kustomize.config.k8s.io/v1alpha1",
      kind: "Component",
      patches: [{ path: "patch.yaml", target: { kind: "Deployment", labelSelector: NOT_OURS } }],
    })
  );
}

/**
 * Undefined for a policy that says nothing of its workloads' proxies, and where all Deployments are
 * rendered: those say more.
 */
export function workloadPatch({ mesh, services }: Policy): string | undefined {
  const { proxy, intercept, prometheus } = mesh;
  if (services.every(({ workload }) => workload !== undefined)) return undefined;
  if (proxy === undefined && intercept === undefined) return undefined;
  const annotations = {
    ...(proxy && proxyAnnotations(proxy)),
    ...(intercept && interceptAnnotations(intercept)),
    ...(prometheus && scrapeAnnotations(metricsPort(prometheus), METRICS_PATH)),
  };
  const hasLabels = Object.keys(mesh.workloads).length > 0;
  const metadata = { ...(hasLabels && { labels: mesh.workloads }), annotations };
  return (
    COMMENT +
    yamlText({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "any" },
      spec: { template: { metadata } },
    })
  );
}

function proxyAnnotations(proxy: ProxyResources): Record<string, string> {
  const { concurrency } = proxy;
  // Not sidecar.istio.io/proxyConcurrency, which does not exist.
  const config = yamlText({
    ...(concurrency !== undefined && { concurrency }),
    extraStatTags: METRIC_LABELS,
  });
  return { "proxy.istio.io/config": config, ...resourceAnnotations(proxy) };
}
