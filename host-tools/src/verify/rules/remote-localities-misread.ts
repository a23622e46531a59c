// retryRemoteLocalities sends retries to other localities (virtual_service.proto). It removes no
// duplicate headers, and where there is one locality only, or no failover, it does nothing.

import { removeValue } from "../fix/edit-view";
import type { TextEdit } from "../fix/text-edit";
import type { HttpRoute } from "../mesh/http-route";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { findNode } from "../source/place";
import type { View } from "../source/view";

export const remoteLocalitiesMisread: Rule = {
  id: "remote-localities-misread",
  severity: "warning",
  summary: "retryRemoteLocalities is described as something else, or cannot do anything here.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const route of mesh.routes) {
      const view = route.view.at("retries", "retryRemoteLocalities");
      if (view.value !== true) continue;
      const comment = commentOf(view);
      if (comment !== undefined && isOther(comment.text)) yield misread(route, view, comment);
      else if (hasNoEffect(mesh, route)) yield idle(route, view);
    }
  },
};

interface Comment {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** The comment on the member's own line, or on the line above. */
function commentOf(view: View): Comment | undefined {
  const key = findNode(view.object, view.path)?.key?.range;
  const { file } = view.object;
  if (!key) return undefined;
  const own = /#[^\r\n]*/.exec(file.text.slice(key[0], file.lineEnd(key[0])));
  if (own !== null) {
    const from = key[0] + own.index;
    return { text: own[0], from, to: from + own[0].length };
  }
  const start = file.lineStart(key[0]);
  const above = file.lineStart(Math.max(start - 1, 0));
  const line = file.text.slice(above, start).trimEnd();
  const at = line.indexOf("#");
  if (at < 0 || line.slice(0, at).trim() !== "") return undefined;
  return { text: line.slice(at), from: above + at, to: above + line.length };
}

function isOther(comment: string): boolean {
  const says = /localit|locality|zone|region|cluster|failover|地域|区域|可用区/i;
  return /header|dup|idempot|请求头|重复|去重/i.test(comment) && !says.test(comment);
}

/** Localities become priorities by outlier detection alone; without them there is no other one. */
function hasNoEffect(mesh: Mesh, route: HttpRoute): boolean {
  const rules = route.destinations.flatMap(({ host }) => mesh.destinationRules(host));
  if (rules.length === 0) return false;
  return rules.every((rule) => {
    const breakers = [rule.at("spec", "trafficPolicy"), ...rule.at("spec", "subsets").items()];
    return breakers.every(
      (view) =>
        !view.at("outlierDetection").exists && !view.at("trafficPolicy", "outlierDetection").exists,
    );
  });
}

function misread(route: HttpRoute, view: View, comment: Comment): Finding {
  const { file } = view.object;
  const edit: TextEdit = {
    file,
    from: comment.from,
    to: comment.to,
    text: "# retries may go to other localities (zones, regions)",
  };
  return {
    at: view,
    message:
      `${route.name}: the comment says "${comment.text.replace(/^#\s*/, "")}", but retryRemoteLocalities ` +
      "sends retries to other localities: across zones or regions, with their latency and price. It touches no header.",
    advice: "Say what it does, or take it out if that is not wanted.",
    fix: [edit],
  };
}

function idle(route: HttpRoute, view: View): Finding {
  return {
    at: view,
    message:
      `${route.name}: retryRemoteLocalities chooses among priorities, which Istio makes of localities only ` +
      "where the host has outlierDetection; 0 of its DestinationRules have it, so this does nothing.",
    advice: "Take it out, or add outlierDetection to the host's DestinationRule.",
    fix: fixOf(removeValue(view)),
  };
}
