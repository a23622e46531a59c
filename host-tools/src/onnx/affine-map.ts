// y = M v + b, with v the graph's input, or that and the recurrent layer's hidden state behind it. What
// an exporter writes as a dozen nodes (normalisation, linear layers, a skip, a concatenation) is
// one such map; folding them into it is exact up to rounding.

export interface AffineMap {
  readonly rows: number;
  readonly columns: number;
  /** Row-major, rows * columns. */
  readonly weights: Float64Array;
  readonly biases: Float64Array;
}

/** y = v for some of the columns. */
export function selection(from: number, rows: number, columns: number): AffineMap {
  const weights = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) weights[row * columns + from + row] = 1;
  return { rows, columns, weights, biases: new Float64Array(rows) };
}

/** W (inner) + c. */
export function compose(
  matrix: Float64Array,
  rows: number,
  inner: AffineMap,
  constants: ArrayLike<number> = new Float64Array(rows),
): AffineMap {
  const { rows: middle, columns } = inner;
  const weights = new Float64Array(rows * columns);
  const biases = Float64Array.from({ length: rows }, (_, row) => constants[row]!);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < middle; k++) {
      const factor = matrix[row * middle + k]!;
      if (factor === 0) continue;
      biases[row] = biases[row]! + factor * inner.biases[k]!;
      for (let column = 0; column < columns; column++) {
        const at = row * columns + column;
        weights[at] = weights[at]! + factor * inner.weights[k * columns + column]!;
      }
    }
  }
  return { rows, columns, weights, biases };
}

/** a + sign * b. */
export function sum(a: AffineMap, b: AffineMap, sign: 1 | -1): AffineMap {
  return {
    ...a,
    weights: a.weights.map((weight, i) => weight + sign * b.weights[i]!),
    biases: a.biases.map((bias, i) => bias + sign * b.biases[i]!),
  };
}

/** Row i times factors[i], plus constants[i]. */
export function scaled(
  map: AffineMap,
  factor: (row: number) => number,
  constant: (row: number) => number,
): AffineMap {
  const { columns } = map;
  return {
    ...map,
    weights: map.weights.map((weight, i) => weight * factor(Math.floor(i / columns))),
    biases: map.biases.map((bias, row) => bias * factor(row) + constant(row)),
  };
}

/** One map's rows below the other's. */
export function stacked(maps: readonly AffineMap[]): AffineMap {
  const join = (parts: readonly Float64Array[]) =>
    Float64Array.from(parts.flatMap((part) => Array.from(part)));
  return {
    rows: maps.reduce((rows, map) => rows + map.rows, 0),
    columns: maps[0]!.columns,
    weights: join(maps.map((map) => map.weights)),
    biases: join(maps.map((map) => map.biases)),
  };
}
