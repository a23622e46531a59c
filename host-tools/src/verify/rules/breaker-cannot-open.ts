// Outlier detection that can eject nobody: the share that may be ejected is less than one pod, or one
// ejection already makes Envoy ignore all of them (healthy panic threshold), or nothing is counted.

import { setValue } from "../fix/edit-view";
import { fullHost, shortHost } from "../mesh/host-name";
import type { Mesh } from "../mesh/mesh";
import type { Workload } from "../mesh/workloads";
import { type Finding, fixOf, type Rule } from "../rule";
import { objectName } from "../source/mesh-object";
import { type View, viewOf } from "../source/view";

/** Istio's default of maxEjectionPercent. */
const EJECTION_PERCENT = 10;
/** More pods than this are not asked for; the share is raised instead. */
const REPLICAS_MAX = 3;

interface Cluster {
  /** What its requests are for: `llm-service`, or `subset "v2" of llm-service`. */
  readonly name: string;
  readonly breaker: View;
  readonly workloads: readonly Workload[];
}

export const breakerCannotOpen: Rule = {
  id: "breaker-cannot-open",
  severity: "error",
  summary:
    "Outlier detection can never eject a host: by its share, by the health it asks for, or by counting nothing.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const object of mesh.ofIstio("DestinationRule")) {
      const seen = new Set<string>();
      for (const cluster of clustersOf(mesh, viewOf(object))) {
        const found = countsNothing(cluster) ?? ejectsNobody(cluster);
        const key = JSON.stringify(found?.at.path);
        if (found !== undefined && !seen.has(key + cluster.name)) yield found;
        seen.add(key + cluster.name);
      }
    }
  },
};

/** The clusters that Envoy makes of a rule, each with the breaker that holds for it. */
function clustersOf(mesh: Mesh, rule: View): Cluster[] {
  const spec = rule.at("spec");
  const host = fullHost(spec.at("host").text() ?? "", rule.object.namespace);
  const general = spec.at("trafficPolicy", "outlierDetection");
  const subsets = spec.at("subsets").items();
  const clusters = subsets.map((subset) => {
    const own = subset.at("trafficPolicy", "outlierDetection");
    const labels = subset.at("labels").labels();
    return {
      name: `subset "${subset.at("name").text() ?? ""}" of ${shortHost(host)}`,
      breaker: own.exists ? own : general,
      workloads: mesh.workloadsOf(host, labels),
    };
  });
  const whole = { name: shortHost(host), breaker: general, workloads: mesh.workloadsOf(host) };
  return (subsets.length === 0 ? [whole] : clusters).filter(({ breaker }) => breaker.exists);
}

function countsNothing({ breaker, name }: Cluster): Finding | undefined {
  const errors = breaker.at("consecutive5xxErrors");
  const gateway = breaker.at("consecutiveGatewayErrors").number() ?? 0;
  const local = breaker.at("consecutiveLocalOriginFailures").number() ?? 0;
  if (errors.number() !== 0 || gateway !== 0 || local !== 0) return undefined;
  return {
    at: errors,
    message: `${name}: consecutive5xxErrors is 0, which turns the count off, and no other is on: nothing is ever ejected.`,
    advice: "Count 5 errors in a row, or take outlierDetection out.",
    fix: fixOf(setValue(errors, 5)),
  };
}

function ejectsNobody({ breaker, name, workloads }: Cluster): Finding | undefined {
  const replicas = workloads.reduce((sum, one) => sum + one.replicas, 0);
  if (replicas === 0) return undefined;
  const view = breaker.at("maxEjectionPercent");
  const percent = view.number() ?? EJECTION_PERCENT;
  const healthy = breaker.at("minHealthPercent").number() ?? 0;
  if (worksWith(replicas, percent, healthy)) return undefined;
  const [first] = workloads;
  const byShare = Math.floor((replicas * percent) / 100) < 1;
  const pods = `${replicas} ${replicas === 1 ? "replica" : "replicas"}`;
  const left = Math.round(((replicas - 1) / replicas) * 100);
  return {
    at: byShare ? (view.exists ? view : breaker) : breaker.at("minHealthPercent"),
    message: byShare
      ? `${name}: ${pods} x maxEjectionPercent ${percent} % = ${trim((replicas * percent) / 100)} < 1: ` +
        "the first ejection would already be over the share, so none is made."
      : `${name}: with 1 of ${pods} ejected ${left} % are healthy, less than minHealthPercent ${healthy} %: ` +
        "Envoy then sends to all of them again, the ejected one too.",
    ...correction(breaker, percent, healthy, replicas, workloads),
    related:
      first === undefined
        ? []
        : [
            {
              at: first.replicasView,
              message: `${objectName(first.object)} has ${first.replicas}`,
            },
          ],
  };
}

function correction(
  breaker: View,
  percent: number,
  healthy: number,
  replicas: number,
  workloads: readonly Workload[],
): Pick<Finding, "advice" | "fix"> {
  const [first] = workloads;
  for (let wanted = replicas + 1; wanted <= REPLICAS_MAX; wanted++) {
    if (!worksWith(wanted, percent, healthy) || first === undefined) continue;
    return {
      advice: `Run ${wanted} replicas: one of them can then be ejected.`,
      fix: fixOf(setValue(first.replicasView, first.replicas + wanted - replicas)),
    };
  }
  if (replicas === 1) {
    const wanted = Math.max(2, REPLICAS_MAX);
    const share = Math.ceil(100 / wanted);
    return {
      advice: `Run ${wanted} replicas and let ${share} % be ejected.`,
      fix: fixOf(
        first && setValue(first.replicasView, first.replicas + wanted - 1),
        setValue(breaker.at("maxEjectionPercent"), Math.max(share, percent)),
        ...(healthy > 66 ? [setValue(breaker.at("minHealthPercent"), 50)] : []),
      ),
    };
  }
  const share = Math.max(percent, Math.ceil(100 / replicas));
  const left = Math.floor(((replicas - 1) / replicas) * 100);
  return {
    advice: `Let ${share} % be ejected${healthy > left ? ` and ask for ${left} % healthy ones at most` : ""}.`,
    fix: fixOf(
      ...(share === percent ? [] : [setValue(breaker.at("maxEjectionPercent"), share)]),
      ...(healthy > left ? [setValue(breaker.at("minHealthPercent"), left)] : []),
    ),
  };
}

function worksWith(replicas: number, percent: number, healthy: number): boolean {
  const left = ((replicas - 1) / replicas) * 100;
  return Math.floor((replicas * percent) / 100) >= 1 && left >= healthy;
}

function trim(value: number): string {
  return String(Number(value.toFixed(2)));
}
