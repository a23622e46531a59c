// The volume under the surface written step by step as its definition reads: for every width, every
// threshold, every point. Slow on purpose; nothing is shared with the fast form.

/** Mean over the widths 0..window of the range-aware area under the precision-recall curve. */
export function naiveVusPr(
  scores: readonly number[],
  labels: readonly number[],
  window: number,
  thresholds: number,
): number {
  let sum = 0;
  for (let width = 0; width <= window; width++) {
    sum += naiveArea(scores, labels, width, thresholds);
  }
  return sum / (window + 1);
}

function naiveArea(
  scores: readonly number[],
  labels: readonly number[],
  width: number,
  thresholds: number,
): number {
  const falling = [...scores].sort((a, b) => b - a);
  const weights = extended(labels, width);
  let area = 0;
  let recallBefore = 0;
  for (let k = 0; k < thresholds; k++) {
    const rank = Math.floor((k * (scores.length - 1)) / (thresholds - 1));
    const predicted = scores.map((score) => score >= falling[rank]!);
    // A labelled point always counts; a point of a buffer only where it is predicted.
    const counted = weights.map((weight, i) => (labels[i] === 1 ? 1 : predicted[i] ? weight : 0));
    const hits = counted.reduce((total, weight, i) => total + (predicted[i] ? weight : 0), 0);
    const positives = labels.reduce((a, b) => a + b) / 2 + counted.reduce((a, b) => a + b) / 2;
    const recall = Math.min(hits / positives, 1) * foundShare(labels, predicted, width);
    area += (recall - recallBefore) * (hits / predicted.filter(Boolean).length);
    recallBefore = recall;
  }
  return area;
}

/** Starts and ends of the runs of ones. */
function runs(labels: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  labels.forEach((label, i) => {
    if (label !== 1) return;
    if (i > 0 && labels[i - 1] === 1) found.at(-1)![1] = i;
    else found.push([i, i]);
  });
  return found;
}

function extended(labels: readonly number[], width: number): number[] {
  return labels.map((label, i) => {
    let weight = label;
    for (const [start, end] of runs(labels)) {
      const distance = i < start ? start - i : i - end;
      const inside = i >= start && i <= end;
      if (!inside && distance <= Math.floor(width / 2)) weight += Math.sqrt(1 - distance / width);
    }
    return Math.min(weight, 1);
  });
}

function foundShare(
  labels: readonly number[],
  predicted: readonly boolean[],
  width: number,
): number {
  const half = Math.floor(width / 2);
  const segments: [number, number][] = [];
  for (const [start, end] of runs(labels)) {
    const last = segments.at(-1);
    if (last !== undefined && last[1] + half >= start - half) last[1] = end;
    else segments.push([start, end]);
  }
  const found = segments.filter(([start, end]) =>
    predicted.some((raised, i) => raised && i >= start - half && i <= end + half),
  );
  return found.length / segments.length;
}
