// Adam (Kingma, Ba 2015) with the gradient's norm clipped: a recurrent model now and then sees a
// gradient a thousand times the usual, and one such step would undo many.

const MOMENTUM = 0.9;
const VARIANCE = 0.999;
const EPSILON = 1e-8;

export class Adam {
  private readonly mean: Float64Array;
  private readonly square: Float64Array;
  private meanDecay = 1;
  private squareDecay = 1;

  constructor(size: number) {
    this.mean = new Float64Array(size);
    this.square = new Float64Array(size);
  }

  /** One step downhill, in place. */
  update(values: Float64Array, gradient: Float64Array, rate: number, normMax: number): void {
    let norm = 0;
    for (let i = 0; i < gradient.length; i++) norm += gradient[i]! * gradient[i]!;
    norm = Math.sqrt(norm);
    const factor = norm > normMax ? normMax / norm : 1;
    this.meanDecay *= MOMENTUM;
    this.squareDecay *= VARIANCE;
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i]! * factor;
      const mean = (this.mean[i] = MOMENTUM * this.mean[i]! + (1 - MOMENTUM) * g);
      const square = (this.square[i] = VARIANCE * this.square[i]! + (1 - VARIANCE) * g * g);
      const step = mean / (1 - this.meanDecay);
      const size = Math.sqrt(square / (1 - this.squareDecay)) + EPSILON;
      values[i] = values[i]! - (rate * step) / size;
    }
  }
}
