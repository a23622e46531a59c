// Pool, breaker, balancer and retry budget: what the rendered DestinationRules say against the clusters of
// the proxy. A policy's new member arrives here with the object that carries it.

import type { KubeObject } from "../istio/kube-object";
import { type Answer, answer } from "./answer";
import { CLUSTER_FIELDS } from "./cluster-fields";
import { at, isSame, type Json, leaves, listAt, plain } from "./json-value";
import type { OutboundCluster, ProxyState } from "./proxy-state";

/** Answers for one rule; the subsets and ports that agree share a line. */
export function checkDestinationRule(
  rule: KubeObject,
  group: string,
  state: ProxyState,
  isCalled: boolean,
): Answer[] {
  const own = state.clusters.filter(({ host }) => host === rule.spec["host"]);
  if (own.length === 0) {
    const found = isCalled ? "no cluster of this host" : "this proxy does not call it";
    return [answer(group, "host", isCalled ? "no" : "absent", String(rule.spec["host"]), found)];
  }
  return [
    ...missingSubsets(rule, group, own),
    ...merged(
      own.flatMap((cluster) =>
        leaves(policyOf(rule, cluster)).map(([path, said]) =>
          fieldAnswer(group, path, said, cluster, state),
        ),
      ),
      own,
    ),
  ];
}

function missingSubsets(
  rule: KubeObject,
  group: string,
  own: readonly OutboundCluster[],
): Answer[] {
  return listAt(rule.spec, "subsets")
    .map((subset) => String(subset["name"]))
    .filter((name) => !own.some(({ subset }) => subset === name))
    .map((name) => answer(group, `subset ${name}`, "no", name, "no cluster of this subset"));
}

/** A subset's members replace the host's, each as a whole. */
function policyOf(rule: KubeObject, { subset }: OutboundCluster): Json {
  const host = (rule.spec["trafficPolicy"] ?? {}) as Json;
  if (subset === "") return host;
  const own = listAt(rule.spec, "subsets").find(({ name }) => name === subset);
  return { ...host, ...((at(own, "trafficPolicy") ?? {}) as Json) };
}

interface ClusterAnswer {
  readonly answer: Answer;
  readonly cluster: OutboundCluster;
}

function fieldAnswer(
  group: string,
  path: string,
  said: unknown,
  cluster: OutboundCluster,
  state: ProxyState,
): ClusterAnswer {
  const field = CLUSTER_FIELDS[path];
  const saidText = plain(said) ?? "";
  if (field === undefined) {
    const found = "its place in Envoy is not known here";
    return { cluster, answer: answer(group, path, "absent", saidText, found) };
  }
  const found = field.read(cluster, state, said);
  const verdict = isSame(said, found) ? "yes" : "no";
  const foundText = verdict === "yes" ? saidText : (plain(found) ?? "nothing");
  return { cluster, answer: answer(group, field.item, verdict, saidText, foundText) };
}

/** One line for all clusters with the same answer, and the names of those that differ. */
function merged(answers: readonly ClusterAnswer[], own: readonly OutboundCluster[]): Answer[] {
  const byText = new Map<string, ClusterAnswer[]>();
  for (const one of answers) {
    const { item, said, found } = one.answer;
    const key = JSON.stringify([item, said, found]);
    byText.set(key, [...(byText.get(key) ?? []), one]);
  }
  return [...byText.values()].map((alike) => {
    const [{ answer: first }] = alike as [ClusterAnswer];
    if (alike.length === own.length) return first;
    const names = alike.map(({ cluster }) => placeOf(cluster, own));
    return { ...first, item: `${first.item} (${names.join(", ")})` };
  });
}

function placeOf({ subset, port }: OutboundCluster, own: readonly OutboundCluster[]): string {
  const ports = new Set(own.map((cluster) => cluster.port));
  const name = subset === "" ? "host" : subset;
  return ports.size > 1 ? `${name}:${port}` : name;
}
