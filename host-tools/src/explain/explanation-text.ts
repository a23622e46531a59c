// An explanation for a terminal: the sentence, then each layer with its parts as bars.

import { shareText } from "../model-card/card-limits";
import type { InspectionPaint } from "../model-card/inspection-text";
import { bar } from "../model-card/terminal-picture";
import { textPairs, textTable } from "../model-card/text-table";
import type { DecisionExplanation, ExplainedLayer } from "./decision-explanation";

const BAR = 12;
/** The scale of the evidence bars: one in ten thousand. */
const EVIDENCE_MAX = 4;
const BAR_EVIDENCE = 32;

export function explanationText(explanation: DecisionExplanation, paint: InspectionPaint): string {
  const { request, decision, model, layers, agreement, sentence } = explanation;
  const score = decision.score_permille === null ? "none" : `${decision.score_permille} permille`;
  const head = textPairs([
    [
      "request",
      `${request.number}, ${request.method} ${request.path}, at ${request.at_ms.toFixed(3)} ms`,
    ],
    ["route", `${request.route || "none"}, its request ${request.route_requests}`],
    ["verdict", `${decision.verdict}, ${decision.reason}${decision.enforced ? "" : ", shadow"}`],
    ["score", `${score}; threshold ${model.threshold_permille}`],
    ["arm", decision.arm ?? "the default"],
    ...(decision.answered === null ? [] : [["answered", String(decision.answered)] as const]),
    ["model", model.name === "" ? "none" : `${model.name} v${model.version}`],
  ]);
  const sections = [
    [paint.strong(sentence)],
    head,
    ["evidence", ...layers.map((layer) => evidenceLine(layer, model.threshold_evidence, paint))],
    ...layers.map((layer) => layerLines(layer, paint)),
    [paint.dim(agreement)],
  ];
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

/** `L1 sequence model ███████     ┊  1 in 420`, the dotted bar where the threshold is. */
function evidenceLine(
  { layer, title, evidence }: ExplainedLayer,
  threshold: number,
  paint: InspectionPaint,
): string {
  const name = `  ${layer} ${title}`.padEnd(20);
  if (evidence === null) return `${name} ${paint.dim("silent")}`;
  const drawn = bar(evidence, EVIDENCE_MAX, BAR_EVIDENCE).padEnd(BAR_EVIDENCE);
  const at = Math.min(BAR_EVIDENCE - 1, Math.round((threshold / EVIDENCE_MAX) * BAR_EVIDENCE));
  const marked = threshold > 0 ? `${drawn.slice(0, at)}┊${drawn.slice(at)}` : drawn;
  const isAbove = threshold > 0 && evidence >= threshold;
  const share = 10 ** -evidence;
  const text = share > 0.5 ? "usual" : shareText(share);
  return `${name} ${isAbove ? paint.bad(marked) : marked} ${text}`;
}

function layerLines(
  { layer, title, note, parts }: ExplainedLayer,
  paint: InspectionPaint,
): string[] {
  const head = `${paint.strong(`${layer} ${title}`)}  ${note}`;
  if (parts.length === 0) return [head];
  const rows = parts.map(({ name, seen, expected, share }) => [
    `  ${bar(share, 1, BAR).padEnd(BAR)} ${String(Math.round(100 * share)).padStart(3)} %`,
    name,
    seen,
    expected,
  ]);
  const [heads = "", ...lines] = textTable(
    ["  share", "what", "seen", "expected"],
    rows,
    [0, 1, 2, 3],
  );
  return [head, paint.dim(heads), ...lines];
}
