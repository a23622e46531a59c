// Who calls whom, as Grafana's node graph draws it: a frame of edges, known by its field `source`, and a
// frame of nodes. Both have fields of fixed names, which Prometheus' labels are turned into. Canonical
// services, because a caller is named there as a callee is; a workload's name is not a service's.

import type { Panel } from "./panel";
import { WINDOW } from "./variables";

const FROM = "source_canonical_service";
const TO = "destination_canonical_service";

export function topology(namespace: string): Panel {
  const requests = `istio_requests_total{reporter="source",destination_service_namespace="${namespace}"}`;
  const rate = `rate(${requests}[${WINDOW}])`;
  return {
    title: "Who calls whom",
    description: "Requests per second between services, and those that arrive at each.",
    kind: "nodeGraph",
    unit: "reqps",
    width: 24,
    queries: [
      { refId: "nodes", isTable: true, expr: nodes(rate) },
      { refId: "edges", isTable: true, expr: edges(rate) },
    ],
    fieldNames: { "Value #nodes": "mainstat", "Value #edges": "mainstat" },
  };
}

/** Callees with what arrives, then callers that nobody calls, with 0. */
function nodes(rate: string): string {
  const called = `sum by (id) (${copied(`sum by (${TO}) (${rate})`, TO, "id")})`;
  const calling = `sum by (id) (${copied(`sum by (${FROM}) (${rate})`, FROM, "id")})`;
  return copied(`(${called} or 0 * ${calling})`, "id", "title");
}

function edges(rate: string): string {
  const pairs = `sum by (${FROM}, ${TO}) (${rate})`;
  const named = copied(copied(pairs, FROM, "source"), TO, "target");
  return `sum by (id, source, target) (label_join(${named}, "id", " to ", "source", "target"))`;
}

/** The expression with a label's value under another name as well. */
function copied(expr: string, label: string, as: string): string {
  return `label_replace(${expr}, "${as}", "$1", "${label}", "(.+)")`;
}
