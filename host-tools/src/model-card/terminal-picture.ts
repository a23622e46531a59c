// Small pictures in text: strips of eighth blocks and a curve on a grid. For terminals and logs, so
// without colour; whoever prints them adds it.

const BLOCKS = " ▁▂▃▄▅▆▇█";

/**
 * One character a value, its height by the value's share of the largest.
 * @param most counts as full height; by default the largest value
 */
export function strip(values: readonly number[], most = Math.max(...values, 0)): string {
  return values
    .map((value) => {
      if (!(value > 0) || !(most > 0)) return BLOCKS[0];
      const level = Math.ceil((8 * Math.min(value, most)) / most);
      return BLOCKS[Math.max(1, level)];
    })
    .join("");
}

/** A horizontal bar of eighths, `width` characters at `most`. */
export function bar(value: number, most: number, width: number): string {
  const eighths = most > 0 ? Math.round((8 * width * Math.min(value, most)) / most) : 0;
  const rest = eighths % 8;
  const partial = rest === 0 ? "" : "▏▎▍▌▋▊▉"[rest - 1];
  return "█".repeat(Math.floor(eighths / 8)) + partial;
}

export interface Curve {
  /** Ascending in both. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly xLow: number;
  readonly xHigh: number;
  readonly yHigh: number;
  /** Labels on the left, from the top row down; as many as there are rows. */
  readonly rowLabels: readonly string[];
  /** A horizontal line at this height, with what it is. */
  readonly mark?: { readonly y: number; readonly name: string };
  /** Below the left and the right end. */
  readonly xLabels: readonly [string, string];
}

const PLOT_COLUMNS = 52;

/** A rising curve as lines of text. */
export function plotCurve(curve: Curve): string[] {
  const { points, xLow, xHigh, yHigh, rowLabels, mark, xLabels } = curve;
  const rows = rowLabels.length;
  const rowOf = (y: number) => rows - 1 - Math.round((Math.min(y, yHigh) / yHigh) * (rows - 1));
  const heights = Array.from({ length: PLOT_COLUMNS }, (_, column) =>
    rowOf(heightAt(points, xLow + ((xHigh - xLow) * column) / (PLOT_COLUMNS - 1))),
  );
  const markRow = mark === undefined ? -1 : rowOf(mark.y);
  const labelWidth = Math.max(...rowLabels.map((label) => label.length));
  const lines = rowLabels.map((label, row) => {
    const cells = heights.map((height, column) => {
      if (height === row) return "•";
      // A steep rise is drawn through, so that the curve stays one line.
      const before = heights[column - 1] ?? height;
      if (row > height && row < before) return "│";
      return row === markRow ? "╌" : " ";
    });
    const tail = row === markRow ? ` ${mark!.name}` : "";
    return `${label.padStart(labelWidth)} ┤${cells.join("")}${tail}`.trimEnd();
  });
  const [left, right] = xLabels;
  const axis = `${" ".repeat(labelWidth)} └${"─".repeat(PLOT_COLUMNS)}`;
  const gap = Math.max(1, PLOT_COLUMNS - left.length - right.length);
  return [...lines, axis, `${" ".repeat(labelWidth + 2)}${left}${" ".repeat(gap)}${right}`];
}

/** Linear between points, level beyond them. */
function heightAt(points: Curve["points"], x: number): number {
  const above = points.findIndex((point) => point.x > x);
  if (above === 0) return points[0]!.y;
  if (above < 0) return points[points.length - 1]!.y;
  const low = points[above - 1]!;
  const high = points[above]!;
  return low.y + ((x - low.x) / (high.x - low.x)) * (high.y - low.y);
}
