// Plain ranking figures, point by point: area under the precision-recall curve as average precision (no
// interpolation, which flatters), and area under the ROC curve as the share of pairs in the right
// order. Points of equal score are one step, so that no order among them helps.

/** Distinct scores from high to low, with the points that have each. */
function* tiedGroups(
  scores: Float64Array,
  labels: Uint8Array,
): Generator<{ anomalous: number; healthy: number }> {
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  let anomalous = 0;
  let healthy = 0;
  for (let i = 0; i < order.length; i++) {
    if (labels[order[i]!] === 1) anomalous += 1;
    else healthy += 1;
    if (i + 1 < order.length && scores[order[i + 1]!] === scores[order[i]!]) continue;
    yield { anomalous, healthy };
    anomalous = 0;
    healthy = 0;
  }
}

/** Average precision in [0, 1]; NaN without an anomalous point. */
export function aucPr(scores: Float64Array, labels: Uint8Array): number {
  const total = countAnomalous(labels);
  let area = 0;
  let hits = 0;
  let predicted = 0;
  for (const { anomalous, healthy } of tiedGroups(scores, labels)) {
    hits += anomalous;
    predicted += anomalous + healthy;
    area += (anomalous / total) * (hits / predicted);
  }
  return total === 0 ? Number.NaN : area;
}

/** Share of (anomalous, healthy) pairs in which the anomalous one scores higher, ties by half. */
export function aucRoc(scores: Float64Array, labels: Uint8Array): number {
  const total = countAnomalous(labels);
  const pairs = total * (labels.length - total);
  let ordered = 0;
  let hits = 0;
  for (const { anomalous, healthy } of tiedGroups(scores, labels)) {
    ordered += healthy * (hits + anomalous / 2);
    hits += anomalous;
  }
  return pairs === 0 ? Number.NaN : ordered / pairs;
}

/** Points labelled 1. */
export function countAnomalous(labels: Uint8Array): number {
  return labels.reduce((sum, label) => sum + (label === 1 ? 1 : 0), 0);
}
