// Cards beside artifacts: FILE.card.json for tools, FILE.card.md for people.

import { readFile } from "node:fs/promises";
import { STDOUT, writeFileAtomically } from "../lib/output";
import { cardMarkdown } from "./card-markdown";
import { CARD_FORMAT, type CardFacts, makeModelCard, type ModelCard } from "./model-card";

/** Places of an artifact's card. */
export function cardFiles(artifactFile: string): { readonly json: string; readonly md: string } {
  return { json: `${artifactFile}.card.json`, md: `${artifactFile}.card.md` };
}

/**
 * Writes the card of an artifact beside it, in both forms; nothing for an artifact on standard output.
 * @param artifactFile where the artifact is or will be
 * @param bytes the artifact
 * @throws GanglionError E_OUTPUT, E_ARTIFACT_...
 */
export async function writeModelCard(
  artifactFile: string,
  bytes: Uint8Array,
  facts: CardFacts,
): Promise<void> {
  if (artifactFile === STDOUT) return;
  const card = makeModelCard(bytes, facts);
  const files = cardFiles(artifactFile);
  await writeFileAtomically(files.json, `${JSON.stringify(card, undefined, 2)}\n`);
  await writeFileAtomically(files.md, cardMarkdown(card));
}

/** A card, and whether it is of the artifact that it stands beside. */
export interface FoundCard {
  readonly card: ModelCard;
  readonly isCurrent: boolean;
}

/**
 * The card beside an artifact; undefined where there is none that this tool can read. A card is
 * advice: a broken one must not keep anybody from looking at the model.
 * @param sha256 of the artifact, hexadecimal
 */
export async function readModelCard(
  artifactFile: string,
  sha256: string,
): Promise<FoundCard | undefined> {
  try {
    const text = await readFile(cardFiles(artifactFile).json, "utf8");
    const card = JSON.parse(text) as Partial<ModelCard> | null;
    if (card?.card_format !== CARD_FORMAT || card.file === undefined) return undefined;
    if (card.facts?.data === undefined || !Array.isArray(card.limits)) return undefined;
    return { card: card as ModelCard, isCurrent: card.file.sha256 === sha256 };
  } catch {
    return undefined;
  }
}
