// An evaluation as one HTML page with a picture: how well every detector does, by bars, and which
// fault each of them finds, by shades. Opens without a network; the same evaluation gives the same
// bytes.

import { escapeHtml } from "../report/html";
import { REPORT_CSS } from "../report/styles";
import type { Evaluation } from "./evaluation";
import {
  type Cell,
  type EvaluationTable,
  architectureTable,
  evaluationNote,
  faultTable,
  subsetTable,
} from "./evaluation-tables";

const PAGE_CSS = `
td, th { white-space: nowrap; }
.bar { fill: var(--with); } .bar.single { fill: var(--arm-3); }
.shade { fill: var(--with); } .frame { fill: none; stroke: var(--rule); }
svg text.value { fill: var(--ink); }
`;

/** The whole document. */
export function evaluationHtml(evaluation: Evaluation): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Evaluation of the scorer's layers</title>
<style>${REPORT_CSS}${PAGE_CSS}</style>
</head>
<body>
<main>
<h1>Evaluation of the scorer's layers</h1>
<p class="lead">${escapeHtml(evaluationNote(evaluation))}</p>
<div class="plots">
${barFigure(evaluation)}
${shadeFigure(faultTable(evaluation))}
</div>
${section(architectureTable(evaluation))}
${section(subsetTable(evaluation))}
${section(faultTable(evaluation))}
</main>
</body>
</html>
`;
}

function section({ title, heads, rows }: EvaluationTable): string {
  const cell = (tag: string) => (text: Cell) => `<${tag}>${escapeHtml(String(text))}</${tag}>`;
  const body = rows.map((row) => `<tr>${row.map(cell("td")).join("")}</tr>`);
  return `<h2>${escapeHtml(title)}</h2>
<div class="table"><table><thead><tr>${heads.map(cell("th")).join("")}</tr></thead><tbody>
${body.join("\n")}
</tbody></table></div>`;
}

const WIDTH = 520;
const NAMES = 190;
const ROW = 20;

/** F1 of every subset of the layers. */
function barFigure({ subsets }: Evaluation): string {
  const scale = WIDTH - NAMES - 50;
  const bars = subsets.map(({ layers, f1 }, i) => {
    const y = 8 + i * ROW;
    const width = (f1 * scale).toFixed(1);
    const kind = layers.length === 1 ? "bar single" : "bar";
    return (
      `<text class="tick" x="${NAMES - 8}" y="${y + 11}">${escapeHtml(layers.join(" + "))}</text>` +
      `<rect class="${kind}" x="${NAMES}" y="${y}" width="${width}" height="${ROW - 6}" rx="2"/>` +
      `<text class="value" x="${(NAMES + f1 * scale + 6).toFixed(1)}" y="${y + 11}">` +
      `${f1.toFixed(2)}</text>`
    );
  });
  const title = "F1 of every subset of the layers";
  return figure(
    title,
    "At equal false alarms; single layers in grey.",
    bars,
    subsets.length * ROW + 12,
  );
}

/** Share of the episodes found: the darker, the more. */
function shadeFigure({ title, heads, rows }: EvaluationTable): string {
  const detectors = heads.slice(1);
  const column = (WIDTH - NAMES) / detectors.length;
  const x = (i: number) => NAMES + i * column;
  const names = detectors.map((name, i) => {
    const middle = (x(i) + column / 2).toFixed(1);
    // Names are wider than columns: neighbours stand in two lines.
    return `<text class="second" x="${middle}" y="${12 + (i % 2) * 15}">${escapeHtml(name)}</text>`;
  });
  const cells = rows.flatMap(([fault, ...shares], row) => {
    const y = 36 + row * (ROW + 6);
    const place = (i: number) =>
      `x="${(x(i) + 2).toFixed(1)}" y="${y}" width="${(column - 4).toFixed(1)}" height="${ROW + 2}"`;
    return [
      `<text class="tick" x="${NAMES - 8}" y="${y + 15}">${escapeHtml(String(fault))}</text>`,
      ...shares.map((share, i) => {
        const middle = (x(i) + column / 2).toFixed(1);
        return (
          `<rect class="shade" ${place(i)} opacity="${(0.75 * Number(share)).toFixed(2)}"/>` +
          `<rect class="frame" ${place(i)}/>` +
          `<text class="second value" x="${middle}" y="${y + 15}">${escapeHtml(String(share))}</text>`
        );
      }),
    ];
  });
  const height = 42 + rows.length * (ROW + 6);
  return figure(title, "Each layer alone, and all together.", [...names, ...cells], height);
}

function figure(title: string, note: string, shapes: readonly string[], height: number): string {
  return `<figure><figcaption><h3>${escapeHtml(title)}</h3><p>${escapeHtml(note)}</p></figcaption>
<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}">
${shapes.join("\n")}
</svg></figure>`;
}
