// Values for an installation of Istio: what no object of a namespace can say. One set of values in
// two forms, for Helm's chart `istiod` and for istioctl.

import type { MeshFacts } from "../config/policy";
import type { Install } from "../config/policy-proxy";
import { extraStatTagValues } from "./stat-tags";

/** For `istioctl install -f`. */
export function istioOperator(mesh: MeshFacts, install: Install): unknown {
  const { meshConfig, ...values } = installValues(mesh, install);
  return {
    apiVersion: "install.istio.io/v1alpha1",
    kind: "IstioOperator",
    metadata: { name: "ganglion", namespace: "istio-system" },
    spec: {
      profile: install.profile,
      meshConfig,
      values,
      components: {
        pilot: {
          k8s: {
            resources: {
              requests: { cpu: install.istiod_cpu, memory: install.istiod_memory },
            },
          },
        },
      },
    },
  };
}

/** For `helm install istiod`, as values. */
export function installValues(mesh: MeshFacts, install: Install): Record<string, unknown> {
  const resources = install.sidecars ? proxyResources(mesh) : undefined;
  return {
    meshConfig: meshConfig(mesh, install),
    ...(resources && { global: { proxy: { resources } } }),
  };
}

function meshConfig(mesh: MeshFacts, install: Install): Record<string, unknown> {
  const { access_log: log, tracing_percent: share, tls_min: tls } = install;
  const { meshConfig: tags } = extraStatTagValues() as { meshConfig: { defaultConfig: object } };
  const workers = mesh.proxy?.concurrency;
  return {
    ...(log === "none"
      ? {}
      : { accessLogFile: "/dev/stdout", accessLogEncoding: log.toUpperCase() }),
    enableTracing: share > 0,
    defaultConfig: {
      ...(install.sidecars && workers !== undefined ? { concurrency: workers } : {}),
      tracing: { sampling: share },
      ...tags.defaultConfig,
    },
    meshMTLS: { minProtocolVersion: `TLSV${tls.replace(".", "_")}` },
    ...providers(mesh),
  };
}

function providers({ tracing }: MeshFacts): object {
  if (tracing?.collector === undefined) return {};
  const { host: service, port } = tracing.collector;
  return {
    extensionProviders: [{ name: tracing.provider, opentelemetry: { service, port } }],
  };
}

function proxyResources({ proxy }: MeshFacts): object | undefined {
  if (proxy === undefined) return undefined;
  const requests = quantities(proxy.cpu_request, proxy.memory_request);
  const limits = quantities(proxy.cpu_limit, proxy.memory_limit);
  if (requests === undefined && limits === undefined) return undefined;
  return { ...(requests && { requests }), ...(limits && { limits }) };
}

function quantities(cpu: string | undefined, memory: string | undefined): object | undefined {
  if (cpu === undefined && memory === undefined) return undefined;
  return { ...(cpu !== undefined && { cpu }), ...(memory !== undefined && { memory }) };
}
