// Annotations in Istio's name that Istio does not know are ignored without a word.

import { removeValue, renameMember } from "../fix/edit-view";
import { nearest } from "../../lib/nearest";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { parseCores } from "../source/duration";
import { type View, viewOf } from "../source/view";
import { ANNOTATIONS } from "./istio-annotations";

/** What is told to the injected proxy: here Istio's list is complete, elsewhere its parts add their own. */
const PROXY = /^(([a-z]+\.)*sidecar|proxy|inject)\.istio\.io\//;
/** An annotation of this name was never one of Istio's; what it meant is a proxy setting. */
const CONCURRENCY = "sidecar.istio.io/proxyConcurrency";

export const unknownAnnotation: Rule = {
  id: "unknown-annotation",
  severity: "error",
  summary: "An annotation in Istio's name that Istio does not know has no effect.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const object of mesh.objects) {
      const view = viewOf(object);
      yield* judge(view.at("metadata", "annotations"));
      yield* judge(view.at("spec", "template", "metadata", "annotations"));
    }
  },
};

function* judge(annotations: View): Iterable<Finding> {
  for (const [name, view] of annotations.members()) {
    if (!PROXY.test(name) || ANNOTATIONS.has(name)) continue;
    yield name === CONCURRENCY ? concurrency(annotations, view) : unknown(view, name);
  }
}

function concurrency(annotations: View, view: View): Finding {
  const wanted = view.number() ?? 2;
  const limit = annotations.at("sidecar.istio.io/proxyCPULimit").text();
  const cores = limit === undefined ? undefined : parseCores(limit);
  const workers = cores === undefined ? wanted : Math.min(wanted, Math.max(1, Math.ceil(cores)));
  const config = annotations.at("proxy.istio.io/config");
  const limited =
    cores === undefined ? "" : ` (${wanted} under a limit of ${limit ?? ""} would be throttled)`;
  return {
    at: view,
    message:
      `Istio does not know ${CONCURRENCY} and ignores it: the proxy does not run ${wanted} workers. ` +
      `Workers are \`concurrency\` in proxy.istio.io/config${limited}.`,
    advice: `Set proxy.istio.io/config to "concurrency: ${workers}".`,
    fix: config.exists
      ? undefined
      : fixOf(renameMember(view, "proxy.istio.io/config", `concurrency: ${workers}`)),
  };
}

function unknown(view: View, name: string): Finding {
  const near = similar(name);
  return {
    at: view,
    message: `Istio does not know the annotation ${name} and ignores it.`,
    advice: near === undefined ? "Take it out." : `Did you mean ${near}?`,
    fix: fixOf(near === undefined ? removeValue(view) : renameMember(view, near, view.value)),
  };
}

/** A known annotation of the same prefix with a similar name. */
function similar(name: string): string | undefined {
  const prefix = name.slice(0, name.indexOf("/") + 1);
  const siblings = [...ANNOTATIONS].filter((one) => one.startsWith(prefix));
  const near = nearest(
    name.slice(prefix.length),
    siblings.map((one) => one.slice(prefix.length)),
  );
  return near === undefined ? undefined : prefix + near;
}
