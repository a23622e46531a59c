// A card for people who read it in a repository or a review.

import { dataRows, detectionTable, metricRows, recipeRows, type Row } from "./card-figures";
import type { ModelCard } from "./model-card";

/** The card as Markdown. The same card gives the same bytes. */
export function cardMarkdown(card: ModelCard): string {
  const { artifact: a, facts } = card;
  const { inputs, hidden, outputs } = a.shape;
  const artifactRows: Row[] = [
    ["version", String(a.model_version)],
    ["sha256", a.sha256],
    ["size", `${a.size_bytes} bytes, ${a.base64_bytes} in base64`],
    ["architecture", `${a.architecture}, ${inputs} inputs, ${hidden} hidden, ${outputs} outputs`],
    ["parameters", String(a.parameters)],
    ["format", `${a.format_version}, feature schema ${a.feature_schema}`],
    ["warm-up", `${a.warm_up_steps} requests of a route`],
    ["self-test", `${a.self_test.steps} steps, ${a.self_test.passed ? "passed" : "failed"}`],
  ];
  const sections = [
    `# Model card: ${cell(a.name)}`,
    bulletTable(artifactRows),
    "## Data",
    bulletTable(dataRows(facts)),
    "## Recipe",
    bulletTable(recipeRows(facts)),
    "## Measured",
    ...measured(card),
    "## Calibration",
    calibrationText(card),
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
    metrics.length === 0 ? "" : bulletTable(metrics),
    rows.length === 0 ? "" : markdownTable(heads, rows),
  ].filter((part) => part !== "");
  return parts.length === 0 ? ["Nothing was measured."] : parts;
}

function calibrationText({ artifact }: ModelCard): string {
  const rows = artifact.outputs.map((o) => [
    o.feature,
    o.predicts,
    String(o.rare_residual),
    String(o.rare_drift),
    String(o.least_scale),
  ]);
  const heads = ["predicted", "as", "rare residual", "rare drift", "least scale"];
  return [
    `A request is an anomaly from ${artifact.threshold_permille} permille on. Residuals and drifts ` +
      "that count as rare, in multiples of the route's own scale:",
    markdownTable(heads, rows),
  ].join("\n\n");
}

function bulletTable(rows: readonly Row[]): string {
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
