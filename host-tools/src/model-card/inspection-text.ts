// An inspection drawn for a terminal: the model's shape, what its weights look like, what a surprise is
// worth, what its card says.

import type { ArtifactDescription } from "../model/describe-artifact";
import { type CalibrationCurve, curveTop, evidenceLabels } from "./calibration-curve";
import {
  contentRows,
  dataRows,
  detectionTable,
  metricRows,
  OUTPUT_HEADS,
  outputRows,
  recipeRows,
  scorerRows,
} from "./card-figures";
import { isContent } from "./describe-file";
import type { InspectedMember, Inspection } from "./inspection";
import { bar, plotCurve, strip } from "./terminal-picture";
import { textPairs, textTable } from "./text-table";
import type { MatrixPicture } from "./weights-picture";

/** Colours; each returns its argument where none is wanted. */
export interface InspectionPaint {
  readonly strong: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

const PLAIN: InspectionPaint = {
  strong: (text) => text,
  dim: (text) => text,
  good: (text) => text,
  bad: (text) => text,
};

const TEXT_COLUMNS = 96;

export function inspectionText(inspection: Inspection, paint: InspectionPaint = PLAIN): string {
  const { file, members } = inspection;
  const sections: string[][] = [
    head(inspection, paint),
    ...members.flatMap((member) => memberSections(member, file.kind === "bundle", paint)),
    ...cardSections(inspection, paint),
  ];
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function head({ file, filter }: Inspection, paint: InspectionPaint): string[] {
  const mark = { accepted: paint.good, refused: paint.bad, "not run": paint.dim }[filter.result];
  const verdict = filter.reason === "" ? filter.result : `${filter.result}: ${filter.reason}`;
  const members = file.members.map(({ kind, name }) => `${kind} ${name}`).join(", ");
  return textPairs([
    ["name", file.name],
    ["model version", file.model_version],
    ["kind", file.kind === "bundle" ? `bundle: ${members}` : file.kind],
    ["sha256", file.sha256],
    ["size", `${file.size_bytes} bytes, ${file.base64_bytes} in base64`],
    ["the filter", mark(verdict)],
  ]);
}

function memberSections(
  member: InspectedMember,
  isNamed: boolean,
  paint: InspectionPaint,
): string[][] {
  const { artifact: a } = member;
  const name = isNamed ? `, ${a.kind} ${a.name}` : "";
  const title = (text: string) => paint.strong(`${text}${name}`);
  const curves = member.curves.map((curve) => [title(curve.title), ...curveLines(curve)]);
  if (isContent(a)) {
    return [
      [title("content table"), ...textPairs(contentRows(a))],
      [title("weights"), ...weightLines(member, paint)],
      ...curves,
    ];
  }
  return [
    [title("scorer"), ...textPairs(scorerRows(a))],
    [title("shape"), ...shapeLines(a)],
    [title("weights"), ...weightLines(member, paint)],
    [title("inputs"), ...inputLines(a, member.matrices)],
    [title("predictions"), ...textTable(OUTPUT_HEADS, outputRows(a), [0, 1])],
    ...curves,
  ];
}

/** Boxes from left to right: inputs, layer, outputs. */
function shapeLines(a: ArtifactDescription): string[] {
  const { inputs, hidden, outputs } = a.shape;
  const boxes = [
    [`${inputs} inputs`, "int16, Q12"],
    [`${a.architecture} ${hidden}`, "int8 weights"],
    [`${outputs} outputs`, "int16, Q12"],
    ["residuals", "by the route's scale"],
    ["score", "0 to 1000"],
  ];
  const widths = boxes.map((lines) => Math.max(...lines.map((line) => line.length)) + 2);
  const center = (text: string, width: number) => {
    const left = Math.floor((width - text.length) / 2);
    return " ".repeat(left) + text + " ".repeat(width - text.length - left);
  };
  const row = (ends: readonly [string, string], fill: (i: number) => string, joint: string) =>
    boxes.map((_, i) => `${ends[0]}${fill(i)}${ends[1]}`).join(joint);
  const rule = (i: number) => "─".repeat(widths[i]!);
  return [
    row(["┌", "┐"], rule, "   "),
    row(["│", "│"], (i) => center(boxes[i]![0]!, widths[i]!), " ─►"),
    row(["│", "│"], (i) => center(boxes[i]![1]!, widths[i]!), "   "),
    row(["└", "┘"], rule, "   "),
  ];
}

/** Spread of the int8 values, square roots drawn: tails would vanish beside the middle. */
function weightLines({ matrices }: InspectedMember, paint: InspectionPaint): string[] {
  const rows = matrices.map((m) => [
    m.name,
    `${m.rows} x ${m.columns}`,
    `-127 ▕${strip(m.histogram.map(Math.sqrt))}▏ 127`,
    `${m.zero_pct} %`,
    `${m.saturated_pct} %`,
  ]);
  const heads = ["matrix", "int8", "values", "zero", "at the end"];
  const [headLine = "", ...lines] = textTable(heads, rows, [0, 2]);
  return [paint.dim(headLine), ...lines];
}

/** Calibration of each input, and how much it weighs in the first layer. */
function inputLines(a: ArtifactDescription, matrices: readonly MatrixPicture[]): string[] {
  const layer = matrices.find((m) => m.columns >= a.shape.inputs);
  const weights = layer?.column_weights.slice(0, a.shape.inputs) ?? [];
  const most = Math.max(...weights, 0);
  const rows = a.calibration.map((c, i) => [
    c.feature,
    c.offset,
    c.deviation,
    bar(weights[i] ?? 0, most, 20),
  ]);
  return textTable(["input", "offset", "deviation", "mean weight"], rows, [0, 3]);
}

function curveLines(curve: CalibrationCurve): string[] {
  const { points, ends, threshold } = curve;
  const top = curveTop(curve);
  const labels = evidenceLabels(top).reverse();
  // A low picture gets a row between each two labels.
  const isLow = labels.length <= 5;
  return plotCurve({
    points: points.map(({ x, evidence }) => ({ x, y: evidence })),
    xLow: points[0]?.x ?? 0,
    xHigh: points[points.length - 1]?.x ?? 1,
    yHigh: top,
    rowLabels: isLow ? labels.flatMap((label, i) => (i === 0 ? [label] : ["", label])) : labels,
    ...(threshold === null ? {} : { mark: { y: threshold, name: "threshold" } }),
    xLabels: ends,
  });
}

function cardSections({ card, isCardCurrent }: Inspection, paint: InspectionPaint): string[][] {
  const title = (text: string) => paint.strong(text);
  if (card === null)
    return [[paint.dim("no card beside it: data, recipe and figures are unknown")]];
  const { heads, rows } = detectionTable(card.facts);
  const metrics = textPairs(metricRows(card.facts), 24);
  const found = rows.length === 0 ? [] : textTable(heads, rows, [0, 1]);
  const measured = [...metrics, ...(metrics.length > 0 && found.length > 0 ? [""] : []), ...found];
  const stale = `the card is of another artifact, ${card.file.sha256}`;
  return [
    ...(isCardCurrent ? [] : [[paint.bad(stale)]]),
    [title("data"), ...textPairs(dataRows(card.facts), 24)],
    [title("recipe"), ...textPairs(recipeRows(card.facts), 24)],
    [title("measured"), ...(measured.length > 0 ? measured : ["nothing"])],
    [title("limits"), ...card.limits.flatMap(listItem)],
  ];
}

/** `- ` and the sentence, broken between words. */
function listItem(sentence: string): string[] {
  const lines: string[] = [];
  let line = "-";
  for (const word of sentence.split(" ")) {
    if (line.length + 1 + word.length > TEXT_COLUMNS) {
      lines.push(line);
      line = " ";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
