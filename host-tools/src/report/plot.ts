// A line or area plot as SVG. Made by hand rather than by a plotting library: it needs no script, prints,
// mails and diffs as text, and the same run gives the same bytes. A small script (hover.ts) adds a
// reading line where scripts run.

import { escapeHtml } from "./html";

export interface PlotCurve {
  readonly name: string;
  /** CSS class that carries its colour: `c-with`, `c-arm-0`, ... */
  readonly colour: string;
  readonly style?: "solid" | "dashed" | "faint";
  readonly values: readonly (number | null)[];
}

export interface PlotBand {
  readonly name: string;
  readonly fromS: number;
  readonly untilS: number;
}

export interface Plot {
  readonly id: string;
  readonly title: string;
  /** One sentence below the title. */
  readonly note: string;
  readonly unit: string;
  readonly timesS: readonly number[];
  readonly curves: readonly PlotCurve[];
  /** Curves on top of each other, filled. */
  readonly isStacked?: boolean;
  readonly scale: "linear" | "log";
  /** Bounds of the vertical axis. */
  readonly low: number;
  readonly high: number;
  readonly bands: readonly PlotBand[];
  readonly durationS: number;
  /** A horizontal mark, e.g. a limit. */
  readonly mark?: { readonly value: number; readonly name: string };
  /** Drawn at half of the page's width. */
  readonly isHalf?: boolean;
}

const HEIGHT = 250;
const LEFT = 58;
const RIGHT = 14;
const TOP = 30;
const BOTTOM = 30;

interface Frame {
  readonly width: number;
  x(second: number): number;
  y(value: number): number;
}

/** The plot as a `figure` element with title, legend and picture. */
export function plotFigure(plot: Plot): string {
  const legend = plot.curves.map((curve) => {
    const dash = curve.style === "dashed" ? " dashed" : curve.style === "faint" ? " faint" : "";
    return `<li><i class="${curve.colour}${dash}"></i>${escapeHtml(curve.name)}</li>`;
  });
  return [
    `<figure id="${plot.id}" class="${plot.isHalf ? "half" : "full"}">`,
    `<figcaption><h3>${escapeHtml(plot.title)}</h3><p>${escapeHtml(plot.note)}</p></figcaption>`,
    `<ul class="legend">${legend.join("")}</ul>`,
    plotSvg(plot),
    "</figure>",
  ].join("\n");
}

function plotSvg(plot: Plot): string {
  const frame = frameOf(plot);
  const { width } = frame;
  const label = escapeHtml(`${plot.title}: ${plot.curves.map((curve) => curve.name).join(", ")}`);
  return [
    `<svg viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${label}" data-plot="${plot.id}"` +
      ` data-left="${LEFT}" data-right="${width - RIGHT}" data-duration="${plot.durationS}">`,
    bands(plot, frame),
    axis(plot, frame),
    plot.isStacked ? areas(plot, frame) : lines(plot, frame),
    edges(plot, frame),
    mark(plot, frame),
    `<line class="cursor" y1="${TOP}" y2="${HEIGHT - BOTTOM}" x1="-99" x2="-99" visibility="hidden"/>`,
    "</svg>",
  ].join("\n");
}

function frameOf(plot: Plot): Frame {
  const width = plot.isHalf ? 520 : 1060;
  const span = width - LEFT - RIGHT;
  const height = HEIGHT - TOP - BOTTOM;
  const place = (value: number): number => {
    const clamped = Math.max(plot.low, Math.min(plot.high, value));
    if (plot.scale === "linear") return (clamped - plot.low) / (plot.high - plot.low);
    return Math.log(clamped / plot.low) / Math.log(plot.high / plot.low);
  };
  return {
    width,
    x: (second) => round(LEFT + (second / plot.durationS) * span),
    y: (value) => round(TOP + (1 - place(value)) * height),
  };
}

function bands(plot: Plot, { x }: Frame): string {
  return plot.bands
    .map((band, i) => {
      const left = x(band.fromS);
      const width = round(x(band.untilS) - left);
      const middle = round(left + width / 2);
      return (
        `<rect class="band band-${i}" x="${left}" y="${TOP}" width="${width}"` +
        ` height="${HEIGHT - TOP - BOTTOM}"/>` +
        `<text class="band-name" x="${middle}" y="${TOP - 10}">${escapeHtml(band.name)}</text>`
      );
    })
    .join("\n");
}

/** Between the phases; over areas, which hide the bands. */
function edges(plot: Plot, { x }: Frame): string {
  return plot.bands
    .slice(1)
    .map(({ fromS }) => {
      const at = x(fromS);
      return `<line class="edge" x1="${at}" x2="${at}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`;
    })
    .join("\n");
}

function axis(plot: Plot, { x, y, width }: Frame): string {
  const rows = ticks(plot).map((value) => {
    const at = y(value);
    return (
      `<line class="grid" x1="${LEFT}" x2="${width - RIGHT}" y1="${at}" y2="${at}"/>` +
      `<text class="tick" x="${LEFT - 8}" y="${at + 4}">${tickText(value, plot.unit)}</text>`
    );
  });
  const every = plot.durationS > 24 ? (plot.isHalf ? 10 : 5) : plot.durationS > 10 ? 4 : 2;
  const columns: string[] = [];
  for (let second = 0; second <= plot.durationS; second += every) {
    columns.push(
      `<text class="second" x="${x(second)}" y="${HEIGHT - 8}">${second}${second === 0 ? " s" : ""}</text>`,
    );
  }
  return [...rows, ...columns].join("\n");
}

function ticks(plot: Plot): number[] {
  if (plot.scale === "log") {
    const all = [1, 2, 5].flatMap((digit) => [1, 10, 100, 1000, 10_000].map((ten) => digit * ten));
    return all.filter((value) => value >= plot.low && value <= plot.high).sort((a, b) => a - b);
  }
  const step = niceStep((plot.high - plot.low) / 4);
  const values: number[] = [];
  for (let value = plot.low; value <= plot.high + step * 1e-6; value += step) values.push(value);
  return values;
}

function niceStep(raw: number): number {
  const ten = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 2.5, 5, 10].map((digit) => digit * ten).find((step) => step >= raw * 0.999)!;
}

function tickText(value: number, unit: string): string {
  if (unit === "ms" && value >= 1000) return `${value / 1000} s`;
  return unit === "" ? `${value}` : `${value} ${unit}`;
}

function lines(plot: Plot, frame: Frame): string {
  return plot.curves
    .map((curve) => {
      const path = pathOf(plot.timesS, curve.values, frame);
      const style = curve.style === undefined ? "" : ` ${curve.style}`;
      return `<path class="curve ${curve.colour}${style}" data-curve="${escapeHtml(curve.name)}" d="${path}"/>`;
    })
    .join("\n");
}

/** Breaks the line where there is no value. */
function pathOf(
  timesS: readonly number[],
  values: readonly (number | null)[],
  { x, y }: Frame,
): string {
  let path = "";
  let isOpen = false;
  values.forEach((value, k) => {
    if (value === null) {
      isOpen = false;
      return;
    }
    path += `${isOpen ? "L" : "M"}${x(timesS[k]!)} ${y(value)}`;
    isOpen = true;
  });
  return path;
}

function areas(plot: Plot, { x, y }: Frame): string {
  const floor = plot.timesS.map(() => 0);
  return plot.curves
    .map((curve) => {
      const bottom = floor.slice();
      curve.values.forEach((value, k) => (floor[k] = floor[k]! + (value ?? 0)));
      const up = plot.timesS.map((second, k) => `${x(second)} ${y(floor[k]!)}`);
      const down = plot.timesS.map((second, k) => `${x(second)} ${y(bottom[k]!)}`).reverse();
      const name = escapeHtml(curve.name);
      return `<path class="area ${curve.colour}" data-curve="${name}" d="M${[...up, ...down].join("L")}Z"/>`;
    })
    .join("\n");
}

/** Its name stands above the line, or below where there is no room. */
function mark(plot: Plot, { y, width }: Frame): string {
  if (plot.mark === undefined) return "";
  const at = y(plot.mark.value);
  const nameAt = at < TOP + 20 ? at + 15 : at - 6;
  return (
    `<line class="mark" x1="${LEFT}" x2="${width - RIGHT}" y1="${at}" y2="${at}"/>` +
    `<text class="mark-name" x="${LEFT + 6}" y="${nameAt}">${escapeHtml(plot.mark.name)}</text>`
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
