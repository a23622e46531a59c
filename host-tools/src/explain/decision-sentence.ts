// An explanation in one sentence, for whoever reads nothing else.

import { type DecisionExplanation, type ExplainedLayer, rarityText } from "./decision-explanation";

export function decisionSentence(explanation: DecisionExplanation): string {
  const { request, decision, layers } = explanation;
  const where = request.route === "" ? "no route" : `route ${request.route}`;
  const acted = decision.enforced ? "" : " (in shadow)";
  const start = `Request ${request.number} on ${where}: ${decision.verdict}${acted}`;
  if (decision.reason === "rate_limit") {
    return `${start}, because a rate limit had no token left; the score played no part.`;
  }
  const loudest = layers
    .filter(({ acts, evidence }) => acts && evidence !== null)
    .reduce<ExplainedLayer | undefined>(
      (best, layer) => (best === undefined || layer.evidence! > best.evidence! ? layer : best),
      undefined,
    );
  if (loudest === undefined) return `${start}; no layer had anything to say yet.`;
  const text = rarityText(loudest.evidence!);
  const rarity = text === "usual" ? text : `${text} in healthy traffic`;
  const cause = loudest.parts[0];
  const because = cause === undefined ? "" : `, most of it ${partText(cause)}`;
  return decision.reason === "anomaly"
    ? `${start}, an anomaly to the ${loudest.title}: ${rarity}${because}.`
    : `${start}; no alarm, and of the layers the ${loudest.title} said most: ${rarity}.`;
}

function partText({ name, seen, expected, share }: ExplainedLayer["parts"][number]): string {
  const usual = expected === "" ? "" : ` instead of ${expected}`;
  return `${name} (${seen}${usual}; ${Math.round(100 * share)} %)`;
}
