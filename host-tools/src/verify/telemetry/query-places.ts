// Where PromQL and scripts stand in objects: rules, templates of analyses, config maps, jobs.

import type { Mesh } from "../mesh/mesh";
import type { MeshObject } from "../source/mesh-object";
import { type View, viewOf } from "../source/view";

/** Kinds whose result decides about a rollout. */
const VERDICTS = ["AnalysisTemplate", "ClusterAnalysisTemplate", "MetricTemplate", "Canary"];
const SCRIPTS = ["ConfigMap", "CronJob", "Job"];
const RULES = ["PrometheusRule", "ScaledObject"];

/** Every text that has a query of Istio's request metrics. */
export function* queriesOf(mesh: Mesh): Iterable<View> {
  for (const kind of [...VERDICTS, ...SCRIPTS, ...RULES]) yield* textsOf(mesh, kind, isQuery);
}

/** The texts among them whose result is a verdict: of analyses, and of scripts that compare it. */
export function* verdictQueriesOf(mesh: Mesh): Iterable<View> {
  for (const kind of VERDICTS) yield* textsOf(mesh, kind, isQuery);
  for (const view of scriptsOf(mesh)) if (isQuery(view.text() ?? "") && compares(view)) yield view;
}

/** Shell scripts: of config maps, and arguments of jobs. */
export function* scriptsOf(mesh: Mesh): Iterable<View> {
  for (const kind of [...SCRIPTS, "Deployment"]) yield* textsOf(mesh, kind, isScript);
}

function* textsOf(mesh: Mesh, kind: string, wanted: (text: string) => boolean): Iterable<View> {
  for (const object of mesh.of(kind)) {
    for (const view of placesOf(object)) {
      if (typeof view.value === "string" && wanted(view.value)) yield view;
    }
  }
}

/** Where a kind may have such texts; of pods only what their containers run. */
function* placesOf(object: MeshObject): Iterable<View> {
  const view = viewOf(object);
  if (object.kind !== "Deployment") return yield* view.everything();
  const pod = view.at("spec", "template", "spec");
  for (const container of [...pod.at("initContainers").items(), ...pod.at("containers").items()]) {
    yield* container.at("command").everything();
    yield* container.at("args").everything();
  }
}

function isQuery(text: string): boolean {
  return /\bistio_(requests_total|request_duration_milliseconds|request_bytes|response_bytes)/.test(
    text,
  );
}

function isScript(text: string): boolean {
  return text.includes("\n")
    ? /^#!|\b(curl|kubectl|istioctl|wget)\b/m.test(text)
    : /\bistioctl\b/.test(text);
}

/** True when a number of the script is held against a bound. */
export function compares(script: View): boolean {
  return comparisonOf(script.text() ?? "") !== undefined;
}

/** The first line that holds a variable against a number, and that variable's name. */
export function comparisonOf(script: string): { line: string; variable: string } | undefined {
  for (const line of script.split("\n")) {
    const match =
      /\$\{?([A-Za-z_]\w*)\}?"?\s*(?:>=?|<=?|-(?:gt|ge|lt|le)\b)\s*"?[\d$]/.exec(line) ??
      /\b([A-Za-z_]\w*)\s*(?:>=?|<=?)\s*\d/.exec(/\(\((.*)\)\)/.exec(line)?.[1] ?? "");
    if (match?.[1] !== undefined) return { line, variable: match[1] };
  }
  return undefined;
}
