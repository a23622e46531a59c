// The causal Transformer layer of model/float-transformer.ts, forward and backward on whole windows.
// Nothing is recurrent: keys and values of a step depend on its own inputs alone, so all steps of a
// window are rows of one matrix product, and only the attention looks back.
//
// Parameters, one array:  the five matrices, each W[columns x rows of the artifact] and b[rows], in the
// order embed, attend, merge, expand, contract;  age bias [heads][ring]

import {
  TRANSFORMER_MATRICES,
  TransformerMatrix,
  transformerColumns,
  transformerRows,
} from "../contract";
import type { Prng } from "../lib/prng";
import { normal } from "../model/exact-math";
import { type FloatTransformerLayer, NORM_MAX } from "../model/float-transformer";
import { defaultTransformerShape, type TransformerShape } from "../model/quantised-transformer";
import type { AttentionShape } from "./attention-reference";
import type { TrainingKernels } from "./kernels";
import { normRows, normRowsBackward } from "./row-norm";
import type { QuantisedRow, Trainable, WindowShape } from "./trainable";

/** Where a matrix stands among the parameters. */
interface Place {
  readonly weights: number;
  readonly biases: number;
  /** Columns of the artifact's matrix: what is multiplied. */
  readonly from: number;
  /** Rows of the artifact's matrix: what comes out. */
  readonly to: number;
}

/** Branches begin small beside the stream that they are added to. */
const BRANCH_GAIN = 0.5;
/** Age biases begin as falling lines (Press et al. 2022), a quarter as steep with each head. */
const SLOPE = 0.5;
const SLOPE_RATIO = 0.25;

/** The matrices' places one after the other; the age bias comes after the last one's biases. */
function placesOf({ inputs, hidden, feedForward }: TransformerShape): Place[] {
  let at = 0;
  return Array.from({ length: TRANSFORMER_MATRICES }, (_, matrix) => {
    const from = transformerColumns(matrix, inputs, hidden, feedForward);
    const to = transformerRows(matrix, hidden, feedForward);
    const place = { weights: at, biases: at + from * to, from, to };
    at += (from + 1) * to;
    return place;
  });
}

/** The float layer that a network's parameters describe, to be quantised. */
export function exportTransformer(
  parameters: Float32Array,
  shape: TransformerShape,
): FloatTransformerLayer {
  const places = placesOf(shape);
  const last = places[TransformerMatrix.Contract]!;
  const at = last.biases + last.to;
  return {
    shape,
    ageBias: Float64Array.from(parameters.subarray(at, at + shape.heads * shape.ring)),
    matrices: places.map(({ weights, biases, from, to }) => ({
      weights: Float64Array.from(
        { length: from * to },
        (_, i) => parameters[weights + (i % from) * to + Math.floor(i / from)]!,
      ),
      biases: Float64Array.from(parameters.subarray(biases, biases + to)),
    })),
  };
}

export class TransformerNetwork implements Trainable {
  readonly parameterCount: number;
  readonly quantisedRows: readonly QuantisedRow[];
  private readonly places: readonly Place[];
  private readonly ageBias: number;
  private readonly rows: number;
  private readonly attention: AttentionShape;
  private readonly shares: Float32Array;
  /** The residual stream after embed, attention and feed-forward, and the norms' factors. */
  private readonly streams: readonly Float32Array[];
  private readonly factors: readonly Float32Array[];
  /** Results of the first two norms. */
  private readonly normed: readonly Float32Array[];
  private readonly attended: Float32Array;
  private readonly mixed: Float32Array;
  private readonly expanded: Float32Array;
  private readonly dStream: Float32Array;
  private readonly dNormed: Float32Array;
  private readonly dAttended: Float32Array;
  private readonly dExpanded: Float32Array;
  private readonly turned: Float32Array;

  constructor(
    private readonly kernels: TrainingKernels,
    readonly inputs: number,
    readonly hidden: number,
    shape: WindowShape,
    readonly layer: TransformerShape = defaultTransformerShape(inputs, hidden),
  ) {
    this.places = placesOf(layer);
    const last = this.places[TransformerMatrix.Contract]!;
    this.ageBias = last.biases + last.to;
    this.parameterCount = this.ageBias + layer.heads * layer.ring;
    this.quantisedRows = this.places.flatMap(({ weights, biases, from, to }) =>
      Array.from({ length: to }, (_, row) => ({
        weights: [{ offset: weights + row, stride: to, length: from }],
        bias: biases + row,
      })),
    );
    this.rows = shape.steps * shape.windows;
    this.attention = { ...shape, hidden, heads: layer.heads, ring: layer.ring };
    this.shares = kernels.allocate(this.rows * layer.heads * layer.ring);
    const matrix = (columns: number) => kernels.allocate(this.rows * columns);
    this.streams = [matrix(hidden), matrix(hidden), matrix(hidden)];
    this.factors = this.streams.map(() => kernels.allocate(this.rows));
    this.normed = [matrix(hidden), matrix(hidden)];
    this.attended = matrix(3 * hidden);
    this.mixed = matrix(hidden);
    this.expanded = matrix(layer.feedForward);
    this.dStream = matrix(hidden);
    this.dNormed = matrix(hidden);
    this.dAttended = matrix(3 * hidden);
    this.dExpanded = matrix(layer.feedForward);
    this.turned = kernels.allocate(Math.max(...this.places.map(({ from, to }) => from * to)));
  }

  initialise(parameters: Float32Array, random: Prng): void {
    parameters.fill(0, 0, this.parameterCount);
    this.places.forEach(({ weights, biases, from }, matrix) => {
      const branch = matrix === TransformerMatrix.Merge || matrix === TransformerMatrix.Contract;
      const spread = (branch ? BRANCH_GAIN : 1) / Math.sqrt(from);
      for (let i = weights; i < biases; i++) parameters[i] = normal(random) * spread;
    });
    const { heads, ring } = this.layer;
    let slope = SLOPE;
    for (let head = 0; head < heads; head++, slope *= SLOPE_RATIO) {
      for (let age = 0; age < ring; age++) {
        parameters[this.ageBias + head * ring + age] = -slope * age;
      }
    }
  }

  forward(parameters: Float32Array, inputs: Float32Array, hidden: Float32Array): void {
    const { hidden: columns, factors, streams, normed } = this;
    const [embedded, attended, final] = streams as [Float32Array, Float32Array, Float32Array];
    const [first, second] = normed as [Float32Array, Float32Array];
    const bias = parameters.subarray(this.ageBias, this.parameterCount);
    this.apply(parameters, TransformerMatrix.Embed, embedded, inputs, false);
    normRows(first, factors[0]!, embedded, columns, 1);
    this.apply(parameters, TransformerMatrix.Attend, this.attended, first, false);
    this.kernels.attentionForward(this.mixed, this.attended, bias, this.shares, this.attention);
    attended.set(embedded);
    this.apply(parameters, TransformerMatrix.Merge, attended, this.mixed, true);
    normRows(second, factors[1]!, attended, columns, 1);
    this.apply(parameters, TransformerMatrix.Expand, this.expanded, second, false);
    rectify(this.expanded);
    final.set(attended);
    this.apply(parameters, TransformerMatrix.Contract, final, this.expanded, true);
    normRows(hidden, factors[2]!, final, columns, 1 / NORM_MAX);
  }

  backward(
    parameters: Float32Array,
    inputs: Float32Array,
    _hidden: Float32Array,
    dHidden: Float32Array,
    gradient: Float32Array,
  ): void {
    const { hidden: columns, factors, streams, normed, dStream, dNormed, dExpanded } = this;
    dStream.fill(0);
    normRowsBackward(dStream, dHidden, factors[2]!, streams[2]!, columns, 1 / NORM_MAX);

    this.learn(gradient, TransformerMatrix.Contract, this.expanded, dStream);
    this.back(parameters, TransformerMatrix.Contract, dExpanded, dStream);
    rectifyBackward(dExpanded, this.expanded);
    this.learn(gradient, TransformerMatrix.Expand, normed[1]!, dExpanded);
    this.back(parameters, TransformerMatrix.Expand, dNormed, dExpanded);
    normRowsBackward(dStream, dNormed, factors[1]!, streams[1]!, columns, 1);

    this.learn(gradient, TransformerMatrix.Merge, this.mixed, dStream);
    this.back(parameters, TransformerMatrix.Merge, dNormed, dStream);
    const dBias = gradient.subarray(this.ageBias, this.parameterCount);
    const { dAttended, attended, shares, attention } = this;
    this.kernels.attentionBackward(dAttended, dBias, dNormed, attended, shares, attention);
    this.learn(gradient, TransformerMatrix.Attend, normed[0]!, this.dAttended);
    this.back(parameters, TransformerMatrix.Attend, dNormed, this.dAttended);
    normRowsBackward(dStream, dNormed, factors[0]!, streams[0]!, columns, 1);

    this.learn(gradient, TransformerMatrix.Embed, inputs, dStream);
  }

  /** out = x W + b, or out += x W + b. */
  private apply(
    parameters: Float32Array,
    matrix: TransformerMatrix,
    out: Float32Array,
    x: Float32Array,
    adds: boolean,
  ): void {
    const { weights, biases, from, to } = this.places[matrix]!;
    this.kernels.product(out, x, parameters.subarray(weights, biases), this.rows, from, to, adds);
    this.kernels.addRow(out, parameters.subarray(biases, biases + to), this.rows, to);
  }

  /** Adds the gradient of a matrix and its biases. */
  private learn(
    gradient: Float32Array,
    matrix: TransformerMatrix,
    x: Float32Array,
    dOut: Float32Array,
  ): void {
    const { weights, biases, from, to } = this.places[matrix]!;
    const into = gradient.subarray(weights, biases);
    this.kernels.productOfTransposed(into, x, dOut, this.rows, from, to);
    this.kernels.addRowSums(gradient.subarray(biases, biases + to), dOut, this.rows, to);
  }

  /** dX = dOut turned(W). */
  private back(
    parameters: Float32Array,
    matrix: TransformerMatrix,
    dX: Float32Array,
    dOut: Float32Array,
  ): void {
    const { weights, biases, from, to } = this.places[matrix]!;
    this.kernels.transpose(this.turned, parameters.subarray(weights, biases), from, to);
    this.kernels.product(dX, dOut, this.turned, this.rows, to, from, false);
  }
}

function rectify(u: Float32Array): void {
  for (let i = 0; i < u.length; i++) if (u[i]! < 0) u[i] = 0;
}

function rectifyBackward(dU: Float32Array, u: Float32Array): void {
  for (let i = 0; i < u.length; i++) if (u[i] === 0) dU[i] = 0;
}
