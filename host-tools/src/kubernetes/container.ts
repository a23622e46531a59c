// The application's container in a pod of ours.

import type { PodSet } from "../config/pod-sets";
import type { Probe, Variable, WorkloadResources } from "../config/policy-workload";
import { said } from "../istio/kube-object";

export function container(set: PodSet): Record<string, unknown> {
  const { service, workload, image, args, env } = set;
  const { protocol, probes, writable, leave_s: leaveS } = workload;
  const port = workload.port ?? service.port;
  const metricsPort = workload.metrics?.port ?? port;
  return said({
    name: "app",
    image,
    args,
    env: env.size === 0 ? undefined : [...env].map(([name, value]) => variable(name, value)),
    ports: [
      { name: protocol, containerPort: port },
      ...(metricsPort === port || workload.metrics === undefined
        ? []
        : [{ name: "metrics", containerPort: metricsPort }]),
    ],
    resources: resources(set.resources),
    // Without one a pod would get requests before its application listens.
    readinessProbe: probe(probes?.readiness, set),
    livenessProbe: probes?.liveness && probe(probes.liveness, set),
    startupProbe: probes?.startup && probe(probes.startup, set),
    // Callers' proxies go on calling for a moment after the pod was told to end.
    lifecycle: leaveS > 0 ? { preStop: { sleep: { seconds: leaveS } } } : undefined,
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts:
      writable.length === 0
        ? undefined
        : writable.map((mountPath, index) => ({ name: volumeName(index), mountPath })),
  });
}

function variable(name: string, value: Variable): unknown {
  if (typeof value === "string") return { name, value };
  const { secret, key } = value;
  return { name, valueFrom: { secretKeyRef: { name: secret, key } } };
}

function resources(of: WorkloadResources | undefined): unknown {
  if (of === undefined) return undefined;
  const requests = said({ cpu: of.cpu_request, memory: of.memory_request });
  const limits = said({ cpu: of.cpu_limit, memory: of.memory_limit });
  const isEmpty = (one: object): boolean => Object.keys(one).length === 0;
  if (isEmpty(requests) && isEmpty(limits)) return undefined;
  return { ...(isEmpty(requests) ? {} : { requests }), ...(isEmpty(limits) ? {} : { limits }) };
}

/** Istio's injector sends probes through its agent, so that mutual TLS does not refuse them. */
function probe(of: Probe | undefined, set: PodSet): unknown {
  const { protocol, port } = set.workload;
  const number = of?.port ?? port ?? set.service.port;
  return {
    ...(of?.path !== undefined
      ? { httpGet: { path: of.path, port: of.port ?? protocol } }
      : protocol === "grpc"
        ? { grpc: { port: number } }
        : { tcpSocket: { port: of?.port ?? protocol } }),
    ...(of !== undefined && {
      ...(of.delay_s > 0 && { initialDelaySeconds: of.delay_s }),
      periodSeconds: of.period_s,
      timeoutSeconds: of.timeout_s,
      failureThreshold: of.failures_max,
    }),
  };
}

/** Of the folder at this place of the workload's list. */
export function volumeName(index: number): string {
  return `writable-${index}`;
}
