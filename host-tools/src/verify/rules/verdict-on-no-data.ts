// A verdict on a query that found nothing: an empty result or NaN is greater than no bound, so the
// canary goes on as if it were healthy.

import { replaceWithin, setValue } from "../fix/edit-view";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { type View, viewOf } from "../source/view";
import { comparisonOf, scriptsOf, verdictQueriesOf } from "../telemetry/query-places";

const ANALYSES = ["AnalysisTemplate", "ClusterAnalysisTemplate"];

export const verdictOnNoData: Rule = {
  id: "verdict-on-no-data",
  severity: "error",
  summary: "A canary passes when its query finds no data.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const script of scriptsOf(mesh)) {
      const found = judgeScript(script);
      if (found !== undefined) yield found;
    }
    for (const kind of ANALYSES) {
      for (const object of mesh.of(kind)) {
        for (const metric of viewOf(object).at("spec", "metrics").items()) {
          const found = judgeMetric(metric);
          if (found !== undefined) yield found;
        }
      }
    }
    for (const query of verdictQueriesOf(mesh)) {
      const found = judgeDefault(query);
      if (found !== undefined) yield found;
    }
  },
};

/** A script that asks Prometheus and compares, without a word on an empty answer. */
function judgeScript(script: View): Finding | undefined {
  const text = script.text() ?? "";
  const comparison = comparisonOf(text);
  if (!/api\/v1\/query|promql|\bpromtool\b/i.test(text) || comparison === undefined)
    return undefined;
  const { line, variable } = comparison;
  const guarded =
    /\bnull\b|\bnan\b/i.test(text) ||
    new RegExp(`-[zn]\\s+"?\\$\\{?${variable}\\b|\\$\\{?${variable}\\b[^\\n]*=~`).test(text);
  if (guarded) return undefined;
  const piece = line.trim();
  const indent = `${" ".repeat(indentOf(script, piece))}`;
  const guard = `case "$${variable}" in ''|null|NaN) echo "no data: hold" >&2; exit 75 ;; esac\n${indent}`;
  return {
    at: script,
    piece,
    message:
      `Without data $${variable} is empty, null or NaN, and none of the three is ever over the bound: ` +
      "`" +
      piece +
      "` goes on as if there were 0 errors.",
    advice: "Hold where there is no number: neither on nor back.",
    fix: fixOf(replaceWithin(script, piece, guard + piece)),
  };
}

/** Column of the piece in the file, so that an added line stands under it. */
function indentOf(view: View, piece: string): number {
  const { file } = view.object;
  const at = file.text.indexOf(piece);
  return at < 0 ? 0 : at - file.lineStart(at);
}

/** Argo Rollouts: NaN fails no failureCondition, and what does not fail is a success. */
function judgeMetric(metric: View): Finding | undefined {
  const failure = metric.at("failureCondition");
  const success = metric.at("successCondition");
  const condition = failure.text();
  if (condition === undefined || success.exists || !metric.at("provider", "prometheus").exists) {
    return undefined;
  }
  if (/isNaN|len\(/.test(condition)) return undefined;
  const name = metric.at("name").text() ?? "";
  return {
    at: failure,
    message:
      `metric "${name}" fails on \`${condition}\` and succeeds on everything else: with 0 requests the query is ` +
      "NaN, NaN is over no bound, and the canary passes.",
    advice: "Say what success is, with data there; what is neither is inconclusive and holds.",
    fix: fixOf(setValue(success, `len(result) > 0 && !isNaN(result[0]) && !(${condition})`)),
  };
}

/** `or vector(0)`: no errors where there is no data. */
function judgeDefault(query: View): Finding | undefined {
  const text = query.text() ?? "";
  const piece = /\s*\bor\s+(on\s*\(\s*\)\s*)?vector\s*\(\s*0\s*\)/.exec(text)?.[0];
  if (piece === undefined || !/[45]\.|5xx|error/i.test(text)) return undefined;
  return {
    at: query,
    piece: piece.trim(),
    message: `\`${piece.trim()}\` makes 0 errors of no data: the verdict of a canary without a single request is "healthy".`,
    advice: "Leave the result empty where there is no data, and let the verdict hold on it.",
    fix: fixOf(replaceWithin(query, piece, "")),
  };
}
