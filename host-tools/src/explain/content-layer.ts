// What the content layer (L2) saw in a request's path and query: the field that scored highest, and the
// pieces of it that made its score.

import { type ContentArtifact, type ContentTable } from "../content/content-artifact";
import {
  type ContentField,
  contentFields,
  fieldEntries,
  scoreContent,
} from "../content/reference-content";
import type { ExplainedPart, LayerStory } from "./decision-explanation";

const PIECES = 5;

/** @param target path and query as the client wrote them, one character per byte */
export function explainContent(artifact: ContentArtifact, target: string): LayerStory {
  const bytes = Buffer.from(target, "latin1");
  const score = scoreContent(artifact, bytes);
  const isKnown = score.supervisedEvidence >= score.oneClassEvidence;
  const [table, index] = isKnown
    ? [artifact.supervised, score.supervisedField]
    : [artifact.oneClass, score.oneClassField];
  const field = contentFields(bytes)[index];
  const scored = isKnown ? "attack" : "unlike healthy targets";
  return {
    layer: "L2",
    title: "content",
    evidence: score.evidence / 256,
    note:
      field === undefined
        ? "there is nothing in path and query to look at"
        : `the field ${JSON.stringify(textOf(field))} scores highest as ${scored}`,
    parts: field === undefined ? [] : heaviest(field, table),
  };
}

/** The normalised text that the hashes saw. */
function textOf({ text }: ContentField): string {
  return String.fromCharCode(...text);
}

/** Up to three characters each, those with a positive weight. */
function heaviest(field: ContentField, table: ContentTable): ExplainedPart[] {
  const entries = fieldEntries(field.text, table.weights.length);
  const text = textOf(field);
  const pieces = field.text
    .map((_, end) => {
      const weight = [0, 1, 2].reduce((sum, n) => sum + table.weights[entries[3 * end + n]!]!, 0);
      return { piece: text.slice(Math.max(0, end - 2), end + 1), at: field.origins[end]!, weight };
    })
    .filter(({ weight }) => weight > 0);
  const total = pieces.reduce((sum, { weight }) => sum + weight, 0);
  return pieces
    .sort((a, b) => b.weight - a.weight || a.at - b.at)
    .slice(0, PIECES)
    .map(({ piece, at, weight }) => ({
      name: JSON.stringify(piece),
      seen: `ends at byte ${at}`,
      expected: "",
      share: weight / total,
    }));
}
