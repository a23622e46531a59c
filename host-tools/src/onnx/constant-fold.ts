// Operators on constants that exporters leave in a graph: gates put in ONNX's order by slices and
// concatenations, matrices turned, an axis for the direction added.

import type { OnnxTensor } from "./onnx-tensor";

/** Numbers before, along and behind an axis. */
function around(dims: readonly number[], axis: number) {
  const product = (some: readonly number[]) => some.reduce((all, one) => all * one, 1);
  return { outer: product(dims.slice(0, axis)), inner: product(dims.slice(axis + 1)) };
}

/** An axis counted from the front; undefined where the tensor has no such axis. */
function axisOf(axis: number, rank: number): number | undefined {
  const place = axis < 0 ? axis + rank : axis;
  return place >= 0 && place < rank ? place : undefined;
}

/** Tensors one behind the other along an axis; undefined where they do not fit. */
export function concatenated(tensors: readonly OnnxTensor[], axis: number): OnnxTensor | undefined {
  const [first] = tensors;
  const place = first === undefined ? undefined : axisOf(axis, first.dims.length);
  if (first === undefined || place === undefined) return undefined;
  const others = (dims: readonly number[]) => dims.filter((_, i) => i !== place).join();
  if (tensors.some(({ dims }) => others(dims) !== others(first.dims))) return undefined;
  const { outer } = around(first.dims, place);
  const parts: Float64Array[] = [];
  for (let i = 0; i < outer; i++) {
    for (const { values } of tensors) {
      const length = values.length / outer;
      parts.push(values.subarray(i * length, (i + 1) * length));
    }
  }
  const along = tensors.reduce((sum, { dims }) => sum + dims[place]!, 0);
  return {
    name: "",
    dims: first.dims.map((dim, i) => (i === place ? along : dim)),
    values: Float64Array.from(parts.flatMap((part) => Array.from(part))),
  };
}

/** A stretch of a tensor along an axis, ends counted as Slice counts them. */
export function sliced(
  tensor: OnnxTensor,
  axis: number,
  start: number,
  end: number,
): OnnxTensor | undefined {
  const { dims, values } = tensor;
  const place = axisOf(axis, dims.length);
  if (place === undefined) return undefined;
  const size = dims[place]!;
  const clamp = (at: number) => Math.max(0, Math.min(size, at < 0 ? at + size : at));
  const from = clamp(start);
  const length = Math.max(0, clamp(end) - from);
  const { outer, inner } = around(dims, place);
  const out = new Float64Array(outer * length * inner);
  for (let i = 0; i < outer; i++) {
    const at = (i * size + from) * inner;
    out.set(values.subarray(at, at + length * inner), i * length * inner);
  }
  return { name: "", dims: dims.map((dim, i) => (i === place ? length : dim)), values: out };
}

/** A matrix turned; weights have no more axes. */
export function transposed(
  source: OnnxTensor,
  perm: readonly number[] | undefined,
): OnnxTensor | undefined {
  const [rows = 1, columns = 1] = source.dims;
  if (source.dims.length !== 2) return undefined;
  if (perm !== undefined && perm[0] === 0) return source;
  const values = new Float64Array(source.values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      values[column * rows + row] = source.values[row * columns + column]!;
    }
  }
  return { ...source, dims: [columns, rows], values };
}
