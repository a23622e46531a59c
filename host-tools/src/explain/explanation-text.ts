// An explanation for a terminal: the sentence, then each layer with its parts as bars.

import type { InspectionPaint } from "../model-card/inspection-text";
import { bar } from "../model-card/terminal-picture";
import { textPairs, textTable } from "../model-card/text-table";
import { type DecisionExplanation, type ExplainedLayer, rarityText } from "./decision-explanation";

const BAR = 12;
/** The scale of the evidence bars: one in a million, so that usual thresholds stand in the middle. */
const EVIDENCE_MAX = 6;
const BAR_EVIDENCE = 32;

export function explanationText(explanation: DecisionExplanation, paint: InspectionPaint): string {
  const { layers, combined, threshold, agreement, sentence } = explanation;
  const at = threshold.evidence;
  const most = Math.max(...layers.filter(({ acts }) => acts).map(({ weight }) => weight));
  const together = { name: "together", evidence: combined.evidence, note: "" };
  const sections = [
    [paint.strong(sentence)],
    headLines(explanation),
    [
      "evidence",
      ...layers.map(({ layer, title, evidence, acts, weight }) =>
        evidenceLine(
          { name: `${layer} ${title}`, evidence, note: noteOf(acts, weight, most) },
          at,
          paint,
        ),
      ),
      ...(layers.filter(({ acts }) => acts).length > 1 ? [evidenceLine(together, at, paint)] : []),
    ],
    ...layers.map((layer) => layerLines(layer, paint)),
    [paint.dim(agreement)],
  ];
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function headLines({ request, decision, models, threshold }: DecisionExplanation): string[] {
  const score = decision.score_permille === null ? "none" : `${decision.score_permille} permille`;
  const alarm =
    threshold.evidence === null
      ? "the route has no threshold yet"
      : `alarm from ${rarityText(threshold.evidence)} on, set by the ${threshold.set_by}`;
  const shadow = decision.enforced ? "" : ", shadow";
  return textPairs([
    [
      "request",
      `${request.number}, ${request.method} ${request.path}, at ${request.at_ms.toFixed(3)} ms`,
    ],
    ["route", `${request.route || "none"}, its request ${request.route_requests}`],
    ["verdict", `${decision.verdict}, ${decision.reason}${shadow}`],
    ...(decision.layer === null ? [] : [["alarm by", decision.layer] as const]),
    ["score", `${score}; ${alarm}`],
    ["arm", decision.arm ?? "the default"],
    ...(decision.answered === null ? [] : [["answered", String(decision.answered)] as const]),
    ["models", models.map(({ name, version }) => `${name} v${version}`).join(", ") || "none"],
  ]);
}

/** How a layer stands among the others. */
function noteOf(acts: boolean, weight: number, most: number): string {
  if (!acts) return "observed";
  return weight === most ? "" : `counts ${Math.round(most / weight)} times less`;
}

interface Bar {
  readonly name: string;
  readonly evidence: number | null;
  readonly note: string;
}

/** `L1 sequence model ███████     ┊  1 in 420`, the dotted bar where the threshold is. */
function evidenceLine(
  { name, evidence, note }: Bar,
  threshold: number | null,
  paint: InspectionPaint,
): string {
  const title = `  ${name}`.padEnd(20);
  if (evidence === null) return `${title} ${paint.dim("silent")}`;
  const drawn = bar(evidence, EVIDENCE_MAX, BAR_EVIDENCE).padEnd(BAR_EVIDENCE);
  const place = ((threshold ?? EVIDENCE_MAX) / EVIDENCE_MAX) * BAR_EVIDENCE;
  const at = Math.min(BAR_EVIDENCE, Math.round(place));
  const marked = threshold === null ? drawn : `${drawn.slice(0, at)}┊${drawn.slice(at)}`;
  const text = rarityText(evidence);
  const isAbove = threshold !== null && evidence >= threshold && note !== "observed";
  const told = note === "" ? "" : paint.dim(`  ${note}`);
  return `${title} ${isAbove ? paint.bad(marked) : marked} ${text}${told}`;
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
