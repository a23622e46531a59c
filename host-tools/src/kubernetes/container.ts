// The application's container in a pod of ours.

import type { PodSet } from "../config/pod-sets";
import type { Probe, Variable, WorkloadResources } from "../config/policy-workload";
import { said } from "../istio/kube-object";

export function container(set: PodSet): Record<string, unknown> {
  const { workload, image, args, env, port, metricsPort } = set;
  const { protocol, probes, writable, leave_s: leaveS } = workload;
  return said({
    name: "app",
    image,
    args,
    env: env.size === 0 ? undefined : [...env].map(([name, value]) => variable(name, value)),
    ports: [
      { name: protocol, containerPort: port },
      ...(metricsPort === port ? [] : [{ name: "metrics", containerPort: metricsPort }]),
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
  return {
    ...question(of, set),
    ...(of !== undefined && {
      ...(of.delay_s > 0 && { initialDelaySeconds: of.delay_s }),
      periodSeconds: of.period_s,
      timeoutSeconds: of.timeout_s,
      failureThreshold: of.failures_max,
    }),
  };
}

function question(of: Probe | undefined, { workload: { protocol }, port }: PodSet): object {
  const asked = of?.port ?? protocol;
  if (of?.path !== undefined) return { httpGet: { path: of.path, port: asked } };
  if (protocol === "grpc") return { grpc: { port: of?.port ?? port } };
  return { tcpSocket: { port: asked } };
}

/** Of the folder at this place of the workload's list. */
export function volumeName(index: number): string {
  return `writable-${index}`;
}
