// The label destination_service of Istio's metrics has the host's full name. A query for the short
// one finds no series, always.

import { replaceEach } from "../fix/edit-view";
import { serviceHost } from "../mesh/host-name";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import type { View } from "../source/view";
import { queriesOf } from "../telemetry/query-places";

const LABEL = /\bdestination_service\s*(=~?)\s*(\\?["'])([^"'\\]*)\\?["']/g;

export const metricLabelShortHost: Rule = {
  id: "metric-label-short-host",
  severity: "error",
  summary: "A query asks destination_service for a short name, which no series has.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const view of queriesOf(mesh)) {
      const seen = new Set<string>();
      for (const match of (view.text() ?? "").matchAll(LABEL)) {
        const [piece, , , value = ""] = match;
        // A template, or a pattern that may match dots, is no short name.
        if (seen.has(piece) || !/^[a-z0-9|-]+$/i.test(value)) continue;
        seen.add(piece);
        yield finding(mesh, view, piece, value);
      }
    }
  },
};

function finding(mesh: Mesh, view: View, piece: string, value: string): Finding {
  const known = mesh.services.find(({ object }) => object.name === value);
  const full = known?.host ?? serviceHost(value.split("|")[0] ?? value, view.object.namespace);
  const by =
    known === undefined
      ? piece.replace("destination_service", "destination_service_name")
      : piece.replace(value, full);
  return {
    at: view,
    piece,
    message:
      `The label destination_service has full names such as ${full}; "${value}" is on 0 series, ` +
      "so this query is empty whatever happens.",
    advice:
      known === undefined
        ? "Ask destination_service_name, which has the short name."
        : `Ask for ${full}, or destination_service_name for the short name.`,
    fix: fixOf(...replaceEach(view, piece, by)),
  };
}
