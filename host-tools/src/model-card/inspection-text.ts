// An inspection drawn for a terminal: the model's shape, what its weights look like, what a surprise is
// worth, what its card says.

import { dataRows, detectionTable, metricRows, recipeRows } from "./card-figures";
import type { Inspection } from "./inspection";
import { bar, plotCurve, strip } from "./terminal-picture";
import { textPairs, textTable } from "./text-table";

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
  const title = (text: string) => paint.strong(text);
  const sections: string[][] = [
    head(inspection, paint),
    [title("shape"), ...shapeLines(inspection)],
    [title("weights"), ...weightLines(inspection, paint)],
    [title("inputs"), ...inputLines(inspection)],
    [title("predictions"), ...outputLines(inspection)],
    [title("calibration"), ...curveLines(inspection)],
    ...cardSections(inspection, paint),
  ];
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function head({ artifact: a, filter }: Inspection, paint: InspectionPaint): string[] {
  const steps = `${a.self_test.steps} steps, `;
  const mark = { accepted: paint.good, refused: paint.bad, "not run": paint.dim }[filter.result];
  const verdict = filter.reason === "" ? filter.result : `${filter.result}: ${filter.reason}`;
  return textPairs([
    ["name", a.name],
    ["model version", a.model_version],
    ["sha256", a.sha256],
    ["size", `${a.size_bytes} bytes, ${a.base64_bytes} in base64`],
    [
      "kind",
      `${a.kind}, ${a.architecture}, format ${a.format_version}, schema ${a.feature_schema}`,
    ],
    ["parameters", a.parameters],
    ["training", `seed ${a.training.seed}, step ${a.training.steps}`],
    ["threshold", `${a.threshold_permille} permille`],
    ["warm-up", `${a.warm_up_steps} requests of a route`],
    ["averages", `residuals over ${a.smoothing_steps}, drift over ${a.drift_steps} requests`],
    ["self-test", steps + (a.self_test.passed ? paint.good("passed") : paint.bad("FAILED"))],
    ["the filter", mark(verdict)],
  ]);
}

/** Boxes from left to right: inputs, layer, outputs. */
function shapeLines({ artifact: a }: Inspection): string[] {
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
function weightLines({ matrices }: Inspection, paint: InspectionPaint): string[] {
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
function inputLines({ artifact: a, matrices }: Inspection): string[] {
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

function outputLines({ artifact: a }: Inspection): string[] {
  const rows = a.outputs.map((o) => [
    o.feature,
    o.predicts,
    o.rare_residual,
    o.rare_drift,
    o.least_scale,
  ]);
  return textTable(["predicted", "as", "rare residual", "rare drift", "least scale"], rows, [0, 1]);
}

function curveLines({ artifact: a, curve }: Inspection): string[] {
  const place = (surprise: number) => Math.log10(1 + surprise);
  const points = curve.map(({ surprise, evidence }) => ({ x: place(surprise), y: evidence }));
  const last = curve[curve.length - 1]?.surprise ?? 1;
  return plotCurve({
    points,
    xLow: 0,
    xHigh: place(last),
    yHigh: 4,
    rowLabels: ["1 in 10000", "", "1 in 1000", "", "1 in 100", "", "1 in 10", "", "usual"],
    mark: { y: a.threshold_evidence, name: "threshold" },
    xLabels: ["surprise 0", last.toFixed(1)],
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
  const stale = `the card is of another artifact, ${card.artifact.sha256}`;
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
