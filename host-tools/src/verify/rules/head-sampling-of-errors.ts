// Envoy decides whether to trace when a request begins, and knows only at its end that it failed. A
// sampled share of all requests is the same share of the errors; a collector can keep all errors only
// of what it gets.

import { parse } from "yaml";
import { setValue } from "../fix/edit-view";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { objectName } from "../source/mesh-object";
import { findNode } from "../source/place";
import { type View, viewOf } from "../source/view";

export const headSamplingOfErrors: Rule = {
  id: "head-sampling-of-errors",
  severity: "warning",
  summary: "Traces of all errors are wanted, and only a share of the requests is sampled.",
  *check(mesh: Mesh): Iterable<Finding> {
    const collector = errorKeeper(mesh);
    for (const view of percentages(mesh)) {
      const percent = view.number();
      if (percent === undefined || percent >= 100) continue;
      const claim = claimOf(view);
      if (claim === undefined && collector === undefined) continue;
      yield finding(view, percent, claim, collector);
    }
  },
};

function* percentages(mesh: Mesh): Iterable<View> {
  for (const object of mesh.ofIstio("Telemetry")) {
    for (const tracing of viewOf(object).at("spec", "tracing").items()) {
      yield tracing.at("randomSamplingPercentage");
    }
  }
  for (const object of mesh.ofIstio("IstioOperator")) {
    yield viewOf(object).at("spec", "meshConfig", "defaultConfig", "tracing", "sampling");
  }
}

/** A comment beside or above that promises the errors. */
function claimOf(view: View): string | undefined {
  const key = findNode(view.object, view.path)?.key?.range;
  if (!key) return undefined;
  const { file } = view.object;
  const { line } = file.positionOf(key[0]);
  const comments = [file.line(line - 1), file.line(line)].map((one) => /#\s*(.*)$/.exec(one)?.[1]);
  const promise = (one: string | undefined): boolean =>
    one !== undefined &&
    /error|5xx|fail|错误|异常/i.test(one) &&
    /100\s*%|all|every|全部|所有/i.test(one);
  return comments.find(promise);
}

/** A collector whose tail sampling keeps errors. */
function errorKeeper(mesh: Mesh): View | undefined {
  for (const object of mesh.of("ConfigMap")) {
    for (const [, view] of viewOf(object).at("data").members()) {
      const text = view.text() ?? "";
      if (text.includes("tail_sampling") && keepsErrors(text)) return view;
    }
  }
  return undefined;
}

function keepsErrors(text: string): boolean {
  try {
    return /"status_codes":\[[^\]]*"ERROR"|"status_code":\{/.test(JSON.stringify(parse(text)));
  } catch {
    return false;
  }
}

function finding(
  view: View,
  percent: number,
  claim: string | undefined,
  collector: View | undefined,
): Finding {
  const wanted =
    claim === undefined
      ? `the collector of ${collector === undefined ? "" : objectName(collector.object)} keeps errors`
      : `the comment says "${claim}"`;
  return {
    at: view,
    message:
      `${percent} % of the requests are sampled when they begin, before anybody knows their end: ${percent} % of the ` +
      `errors have a trace, ${Number((100 - percent).toFixed(3))} % have none, and ${wanted}.`,
    advice:
      "Send all spans to a collector that keeps errors (tail sampling), or rely on the access log for errors.",
    fix: fixOf(setValue(view, 100)),
    ...(collector === undefined
      ? {}
      : { related: [{ at: collector, message: "gets the share only" }] }),
  };
}
