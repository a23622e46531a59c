// An explanation in one sentence, for whoever reads nothing else.

import { type DecisionExplanation, type ExplainedLayer, rarityText } from "./decision-explanation";

const FILTER_NAMES: Readonly<Record<string, ExplainedLayer["layer"]>> = {
  statistics: "L0",
  sequence: "L1",
  content: "L2",
};

export function decisionSentence(explanation: DecisionExplanation): string {
  const { request, decision } = explanation;
  const where = request.route === "" ? "no route" : `route ${request.route}`;
  const acted = decision.enforced ? "" : " (in shadow)";
  const start = `Request ${request.number} on ${where}: ${decision.verdict}${acted}`;
  if (decision.reason === "rate_limit") {
    return `${start}, because a rate limit had no token left; the score played no part.`;
  }
  const loudest = loudestLayer(explanation);
  if (loudest === undefined) return `${start}; no layer had anything to say yet.`;
  const text = rarityText(loudest.evidence!);
  const rarity = text === "usual" ? text : `${text} in healthy traffic`;
  const cause = loudest.parts[0];
  const because = cause === undefined ? "" : `, most of it ${partText(cause)}`;
  return decision.reason === "anomaly"
    ? `${start}, an anomaly to the ${loudest.title}: ${rarity}${because}.`
    : `${start}; no alarm, and of the layers the ${loudest.title} said most: ${rarity}.`;
}

/** The one that the filter names, else the one whose word is worth most. */
function loudestLayer({ decision, layers }: DecisionExplanation): ExplainedLayer | undefined {
  const speaking = layers.filter(({ acts, evidence }) => acts && evidence !== null);
  const named = speaking.find(
    ({ layer }) => layer === FILTER_NAMES[decision.layer?.split(".")[0] ?? ""],
  );
  const worth = ({ evidence, weight }: ExplainedLayer) => evidence! + Math.log10(weight);
  return named ?? [...speaking].sort((a, b) => worth(b) - worth(a))[0];
}

function partText({ name, seen, expected, share }: ExplainedLayer["parts"][number]): string {
  const usual = expected === "" ? "" : ` instead of ${expected}`;
  return `${name} (${seen}${usual}; ${Math.round(100 * share)} %)`;
}
