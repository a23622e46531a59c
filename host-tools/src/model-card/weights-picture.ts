// The weights of an artifact as numbers to draw: how each matrix's int8 values are spread, and how much
// each input and the state itself weigh in it.

import type { ContentArtifact, ContentTable } from "../content/content-artifact";
import { namedMatrices } from "../model/describe-artifact";
import { dequantise } from "../model/quantiser";
import type { QuantisedMatrix, ScorerArtifact } from "../model/scorer-artifact";

/** Odd, so that 0 has a bin of its own. */
const BINS = 31;

export interface MatrixPicture {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  /** Counts of the int8 values from -127 to 127, in bins of equal width. */
  readonly histogram: readonly number[];
  readonly zero_pct: number;
  /** Values at either end. */
  readonly saturated_pct: number;
  /** Mean absolute weight of each column, in float. */
  readonly column_weights: readonly number[];
}

/** Every matrix of an artifact under its name, in the file's order. */
export function picturesOf(artifact: ScorerArtifact): MatrixPicture[] {
  return namedMatrices(artifact).map(([name, matrix]) => pictureOf(name, matrix));
}

/** The two tables of a content artifact; their columns are hashes and say nothing. */
export function contentPictures({ supervised, oneClass }: ContentArtifact): MatrixPicture[] {
  const picture = (name: string, { weights }: ContentTable) => ({
    name,
    rows: weights.length,
    columns: 1,
    ...spreadOf(weights),
    column_weights: [],
  });
  return [picture("supervised", supervised), picture("one_class", oneClass)];
}

function pictureOf(name: string, matrix: QuantisedMatrix): MatrixPicture {
  const { rows, columns, weights } = matrix;
  const columnWeights = Array.from({ length: columns }, (_, column) => {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += Math.abs(dequantise(matrix, row, column));
    return Number((sum / rows).toPrecision(4));
  });
  return { name, rows, columns, ...spreadOf(weights), column_weights: columnWeights };
}

function spreadOf(
  weights: Int8Array,
): Pick<MatrixPicture, "histogram" | "zero_pct" | "saturated_pct"> {
  const histogram = new Array<number>(BINS).fill(0);
  let zeros = 0;
  let saturated = 0;
  for (const weight of weights) {
    const bin = Math.round(((Math.max(-127, weight) + 127) / 254) * (BINS - 1));
    histogram[bin] = histogram[bin]! + 1;
    if (weight === 0) zeros += 1;
    if (Math.abs(weight) >= 127) saturated += 1;
  }
  const share = (count: number) => Number(((100 * count) / weights.length).toPrecision(3));
  return { histogram, zero_pct: share(zeros), saturated_pct: share(saturated) };
}
