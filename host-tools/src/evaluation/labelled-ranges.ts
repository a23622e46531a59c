// Runs of anomalous points in a labelled series. Point labels alone do not say how many incidents there
// were.

/** First and last point of a run, both inside it. */
export interface LabelledRange {
  readonly first: number;
  readonly last: number;
}

/** @param labels 1 where anomalous, one a point */
export function labelledRanges(labels: Uint8Array): LabelledRange[] {
  const ranges: LabelledRange[] = [];
  let first = -1;
  for (let i = 0; i <= labels.length; i++) {
    const anomalous = i < labels.length && labels[i] === 1;
    if (anomalous && first < 0) first = i;
    if (!anomalous && first >= 0) {
      ranges.push({ first, last: i - 1 });
      first = -1;
    }
  }
  return ranges;
}
