// An inspection as one HTML page: the card that can be mailed, opened without a network and printed.

import type { ArtifactDescription } from "../model/describe-artifact";
import { escapeHtml } from "../report/html";
import { REPORT_CSS } from "../report/styles";
import { type CalibrationCurve, curveTop, evidenceLabels } from "./calibration-curve";
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
import type { InspectedMember, Inspection } from "./inspection";
import type { MatrixPicture } from "./weights-picture";

const CARD_CSS = `
td, th { white-space: nowrap; } td.wide { white-space: normal; }
td.text, th.text { text-align: left; }
.bin { fill: var(--with); } .axis { stroke: var(--soft); }
.line { fill: none; stroke: var(--with); stroke-width: 2.2; }
meter { width: 120px; } .plots, h1 + .lead + dl { margin-top: 18px; }
.ok { color: var(--arm-2); } .bad { color: var(--bad); }
`;

/** The whole document. The same inspection gives the same bytes. */
export function inspectionHtml(inspection: Inspection): string {
  const { file, members, card } = inspection;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(file.name)}: model card</title>
<style>${REPORT_CSS}${CARD_CSS}</style>
</head>
<body>
<main>
<h1>${escapeHtml(file.name)}</h1>
<p class="lead">${lead(inspection)}</p>
${pairs([
  ["version", String(file.model_version)],
  ["sha256", file.sha256],
  ["size", `${file.size_bytes} bytes, ${file.base64_bytes} in base64`],
])}
${members.map(memberHtml).join("\n")}
${card === null ? '<p class="soft">No card beside it.</p>' : cardHtml(inspection)}
</main>
</body>
</html>
`;
}

function lead({ file, filter }: Inspection): string {
  const test = file.members.every(({ self_test: { passed } }) => passed)
    ? '<span class="ok">self-test passed</span>'
    : '<span class="bad">self-test failed</span>';
  const said = filter.reason === "" ? filter.result : `${filter.result}: ${filter.reason}`;
  const style = filter.result === "refused" ? "bad" : "ok";
  return `${file.kind}; ${test}; the filter: <span class="${style}">${escapeHtml(said)}</span>`;
}

function memberHtml({ artifact: a, matrices, curves }: InspectedMember): string {
  const figures = [...curves.map(curveFigure), ...matrices.map(histogramFigure)];
  const plots = `<div class="plots">\n${figures.join("\n")}\n</div>`;
  if (isContent(a)) {
    return `<h2>Content table ${escapeHtml(a.name)}</h2>\n${pairs(contentRows(a))}\n${plots}`;
  }
  return `<h2>Scorer ${escapeHtml(a.name)}</h2>
${pairs(scorerRows(a))}
${plots}
<h2>Inputs</h2>
${inputTable(a, matrices)}
<h2>Predictions</h2>
${table(
  OUTPUT_HEADS,
  outputRows(a).map((row) => row.map(escapeHtml)),
)}`;
}

function pairs(rows: readonly Row[]): string {
  const items = rows.map(([name, value]) => {
    return `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`;
  });
  return `<dl>${items.join("\n")}</dl>`;
}

/** Cells are escaped unless they are markup already. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((text) => `<th>${escapeHtml(text)}</th>`).join("");
  const body = rows.map((row) => `<tr>${row.map((text) => `<td>${text}</td>`).join("")}</tr>`);
  return `<div class="table"><table><thead><tr>${head}</tr></thead><tbody>
${body.join("\n")}
</tbody></table></div>`;
}

function inputTable(a: ArtifactDescription, matrices: readonly MatrixPicture[]): string {
  const layer = matrices.find((m) => m.columns >= a.shape.inputs);
  const weights = layer?.column_weights ?? [];
  const most = Math.max(...weights.slice(0, a.shape.inputs), 1e-9);
  const rows = a.calibration.map((c, i) => {
    const share = ((weights[i] ?? 0) / most).toFixed(3);
    const meter = `<meter value="${share}" min="0" max="1">${share}</meter>`;
    return [escapeHtml(c.feature), String(c.offset), String(c.deviation), meter];
  });
  return table(["input", "offset", "deviation", "mean weight"], rows);
}

const WIDTH = 520;
const HEIGHT = 230;
const LEFT = 70;
const BOTTOM = 26;

function curveFigure(curve: CalibrationCurve): string {
  const { title, points, ends, threshold } = curve;
  const top = curveTop(curve);
  const low = points[0]?.x ?? 0;
  const span = Math.max((points[points.length - 1]?.x ?? 1) - low, 1e-9);
  const x = (place: number) => (LEFT + ((place - low) / span) * (WIDTH - LEFT - 10)).toFixed(1);
  const y = (evidence: number) => {
    const share = Math.min(evidence, top) / top;
    return (10 + (1 - share) * (HEIGHT - BOTTOM - 10)).toFixed(1);
  };
  const path = points.map((p, i) => `${i === 0 ? "M" : "L"}${x(p.x)} ${y(p.evidence)}`);
  const ticks = evidenceLabels(top).map((text, i) => {
    const at = y(i);
    return (
      `<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${at}" y2="${at}"/>` +
      `<text class="tick" x="${LEFT - 6}" y="${Number(at) + 4}">${text}</text>`
    );
  });
  const mark =
    threshold === null
      ? ""
      : `<line class="mark" x1="${LEFT}" x2="${WIDTH}" y1="${y(threshold)}" y2="${y(threshold)}"/>`;
  return `<figure><figcaption><h3>Calibration</h3>
<p>${escapeHtml(title)}${threshold === null ? "" : "; dotted: the threshold"}</p></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}">
${ticks.join("\n")}
${mark}
<path class="line" d="${path.join("")}"/>
<text x="${LEFT}" y="${HEIGHT - 6}">${escapeHtml(ends[0])}</text>
<text class="tick" x="${WIDTH - 10}" y="${HEIGHT - 6}">${escapeHtml(ends[1])}</text>
</svg></figure>`;
}

function histogramFigure({
  name,
  rows,
  columns,
  histogram,
  zero_pct: zero,
}: MatrixPicture): string {
  const most = Math.max(...histogram.map(Math.sqrt), 1);
  const width = (WIDTH - 20) / histogram.length;
  const bins = histogram.map((count, i) => {
    const height = ((Math.sqrt(count) / most) * (HEIGHT - BOTTOM - 10)).toFixed(1);
    const top = (HEIGHT - BOTTOM - Number(height)).toFixed(1);
    const left = (10 + i * width).toFixed(1);
    return `<rect class="bin" x="${left}" y="${top}" width="${(width - 1).toFixed(1)}" height="${height}"/>`;
  });
  const base = HEIGHT - BOTTOM;
  return `<figure><figcaption><h3>${escapeHtml(name)}</h3>
<p>${rows} x ${columns} int8 weights from -127 to 127, ${zero} % zero; square roots of the counts.</p></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="weights of ${escapeHtml(name)}">
${bins.join("\n")}
<line class="axis" x1="10" x2="${WIDTH - 10}" y1="${base}" y2="${base}"/>
<text x="10" y="${HEIGHT - 6}">-127</text><text class="tick" x="${WIDTH - 10}" y="${HEIGHT - 6}">127</text>
</svg></figure>`;
}

function cardHtml({ card, isCardCurrent }: Inspection): string {
  if (card === null) return "";
  const { heads, rows } = detectionTable(card.facts);
  const stale = `<p class="bad">The card is of another artifact, ${card.file.sha256}.</p>`;
  const escaped = rows.map((row) => row.map(escapeHtml));
  return `${isCardCurrent ? "" : stale}
<h2>Data</h2>
${pairs(dataRows(card.facts))}
<h2>Recipe</h2>
${pairs(recipeRows(card.facts))}
<h2>Measured</h2>
${pairs(metricRows(card.facts))}
${rows.length === 0 ? "" : table(heads, escaped)}
<h2>Limits</h2>
<ul>${card.limits.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join("\n")}</ul>`;
}
