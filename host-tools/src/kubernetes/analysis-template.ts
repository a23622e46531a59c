// The canary's analysis for Argo Rollouts, where that steps instead of us. A condition on no data
// must not pass and must not fail: with too few requests the query gives nothing, neither condition
// holds, and Argo calls the measurement inconclusive and pauses.

import type { MeshFacts, PolicyService } from "../config/policy";
import { defaultAnalysis, type PolicyAnalysis, type PolicyRollout } from "../config/policy-rollout";
import { type KubeObject, metadata } from "../istio/kube-object";
import { errorShare, latencyP99, requestCount, type Subject } from "./service-queries";

const SERVER_DEFAULT = "http://prometheus.istio-system:9090";

/** Undefined where the canary is no arm of the service. */
export function analysisTemplate(
  service: PolicyService,
  mesh: MeshFacts,
  rollout: PolicyRollout,
): KubeObject | undefined {
  const canary = service.arms.find(({ name }) => name === rollout.canary);
  const version = canary?.labels["version"];
  if (version === undefined) return undefined;
  const analysis = rollout.analysis ?? defaultAnalysis();
  const subject = { hosts: [service.host], version };
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: metadata(`${service.name}-canary`, mesh.namespace),
    spec: {
      args: [{ name: "prometheus", value: serverOf(mesh, analysis) }],
      metrics: [errors(subject, analysis), ...latency(subject, analysis)],
    },
  };
}

function serverOf(mesh: MeshFacts, { metrics }: PolicyAnalysis): string {
  return metrics?.prometheus ?? mesh.prometheus?.server ?? SERVER_DEFAULT;
}

function errors(subject: Subject, analysis: PolicyAnalysis): unknown {
  const query = errorShare(subject, ["destination_version"], window(analysis));
  return metric("error-share", analysis, query, subject, analysis.error_percent_max / 100);
}

function latency(subject: Subject, analysis: PolicyAnalysis): unknown[] {
  const { latency_ms_max: maximum } = analysis;
  if (maximum === undefined) return [];
  const query = latencyP99(subject, ["destination_version"], window(analysis));
  return [metric("latency-p99-ms", analysis, query, subject, maximum)];
}

function metric(
  name: string,
  analysis: PolicyAnalysis,
  query: string,
  subject: Subject,
  maximum: number,
): unknown {
  const enough = `${requestCount(subject, window(analysis))} >= ${analysis.request_count_min}`;
  const hasValue = "len(result) > 0 && !isNaN(result[0])";
  return {
    name,
    interval: `${analysis.interval_s}s`,
    // Argo counts failures up to and including the limit as good enough.
    failureLimit: analysis.threshold - 1,
    inconclusiveLimit: Math.ceil(analysis.hold_max_s / analysis.interval_s),
    successCondition: `${hasValue} && result[0] <= ${maximum}`,
    failureCondition: `${hasValue} && result[0] > ${maximum}`,
    provider: {
      prometheus: {
        address: "{{args.prometheus}}",
        query: `${query} and on () (${enough})`,
      },
    },
  };
}

/** Long enough for several scrapes in each look. */
function window({ interval_s: intervalS }: PolicyAnalysis): string {
  return `${Math.max(intervalS, 60)}s`;
}
