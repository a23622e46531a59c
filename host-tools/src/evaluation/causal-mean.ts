// Mean of the last few scores, none from the future. A one-sample score is as noisy as its inputs; ten
// samples change the order of methods more than the methods do (AUC of a forecaster and of a subspace
// swap places).

/** @param length samples in the mean; the first ones average over what there is */
export function causalMean(scores: Float64Array, length: number): Float64Array {
  const means = new Float64Array(scores.length);
  for (let i = 0; i < scores.length; i++) {
    // Summed anew each time: a running sum of squares of very different size would lose the small ones.
    const from = Math.max(0, i - length + 1);
    let sum = 0;
    for (let j = from; j <= i; j++) sum += scores[j]!;
    means[i] = sum / (i - from + 1);
  }
  return means;
}
