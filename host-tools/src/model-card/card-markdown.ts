// A card for people who read it in a repository or a review.

import type { ArtifactDescription } from "../model/describe-artifact";
import {
  contentRows,
  dataRows,
  detectionTable,
  metricRows,
  OUTPUT_HEADS,
  outputRows,
  recipeRows,
  type Row,
  scorerRows,
} from "./card-figures";
import { isContent } from "./describe-file";
import type { ModelCard } from "./model-card";

/** The card as Markdown. The same card gives the same bytes. */
export function cardMarkdown(card: ModelCard): string {
  const { file, facts } = card;
  const fileRows: Row[] = [
    ["version", String(file.model_version)],
    ["kind", file.kind],
    ["sha256", file.sha256],
    ["size", `${file.size_bytes} bytes, ${file.base64_bytes} in base64`],
  ];
  const sections = [
    `# Model card: ${cell(file.name)}`,
    pairTable(fileRows),
    ...file.members.flatMap((member) => [
      `## ${member.kind === "content" ? "Content table" : "Scorer"} ${cell(member.name)}`,
      ...(isContent(member) ? [pairTable(contentRows(member))] : scorerSections(member)),
    ]),
    "## Data",
    pairTable(dataRows(facts)),
    "## Recipe",
    pairTable(recipeRows(facts)),
    "## Measured",
    ...measured(card),
    "## Limits",
    card.limits.map((sentence) => `- ${sentence}`).join("\n"),
    `Written by ganglion ${card.ganglion}.`,
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function measured({ facts }: ModelCard): string[] {
  const metrics = metricRows(facts);
  const { heads, rows } = detectionTable(facts);
  const parts = [
    metrics.length === 0 ? "" : pairTable(metrics),
    rows.length === 0 ? "" : markdownTable(heads, rows),
  ].filter((part) => part !== "");
  return parts.length === 0 ? ["Nothing was measured."] : parts;
}

function scorerSections(artifact: ArtifactDescription): string[] {
  return [
    pairTable(scorerRows(artifact)),
    "Residuals and drifts that count as rare, in multiples of the route's own scale:",
    markdownTable(OUTPUT_HEADS, outputRows(artifact)),
  ];
}

function pairTable(rows: readonly Row[]): string {
  return markdownTable(["", ""], rows);
}

function markdownTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A bar would end the cell, an angle bracket begin a tag. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll(/\s+/g, " ");
}
