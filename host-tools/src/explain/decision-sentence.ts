// An explanation in one sentence, for whoever reads nothing else.

import { shareText } from "../model-card/card-limits";
import type { DecisionExplanation, ExplainedLayer } from "./decision-explanation";

export function decisionSentence(explanation: DecisionExplanation): string {
  const { request, decision, model, layers } = explanation;
  const where = request.route === "" ? "no route" : `route ${request.route}`;
  const acted = decision.enforced ? "" : " (in shadow)";
  const start = `Request ${request.number} on ${where}: ${decision.verdict}${acted}`;
  if (decision.reason === "rate_limit") {
    return `${start}, because a rate limit had no token left; the score played no part.`;
  }
  const speaking = layers.filter((layer) => layer.evidence !== null);
  const [loudest] = [...speaking].sort((a, b) => b.evidence! - a.evidence!);
  if (loudest === undefined) return `${start}; no layer had anything to say yet.`;
  const above = loudest.evidence! >= model.threshold_evidence && model.threshold_permille > 0;
  const rarity = rarityText(loudest);
  const cause = loudest.parts[0];
  const because = cause === undefined ? "" : `, most of it ${partText(cause)}`;
  return above
    ? `${start}; the ${loudest.title} calls it an anomaly, ${rarity}${because}.`
    : `${start}; nothing reached the threshold, the ${loudest.title} came nearest: ${rarity}.`;
}

function rarityText({ evidence }: ExplainedLayer): string {
  const share = 10 ** -evidence!;
  return share > 0.5 ? "quite usual" : `${shareText(share)} in healthy traffic`;
}

function partText({ name, seen, expected, share }: ExplainedLayer["parts"][number]): string {
  const usual = expected === "" ? "" : ` instead of ${expected}`;
  return `${name} (${seen}${usual}; ${Math.round(100 * share)} %)`;
}
