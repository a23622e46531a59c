// Has anything like this ever been seen? The range of all values so far, and whether a new one lies
// outside by more than 4 % of it. Nothing is forgotten: a range that shrinks calls the old news again.

/** How far outside, as a share of the range. */
const MARGIN: f32 = 0.04;

/** Range of one signal; valid once a value was noted. */
// @ts-ignore: decorator
@unmanaged
@final
export class Extremes {
  lowest: f32;
  highest: f32;
}

/** Begins with the first value. */
export function startExtremes(state: Extremes, x: f32): void {
  state.lowest = x;
  state.highest = x;
}

/** Whether x is a new extreme; it is one of the range afterwards. */
export function stepExtremes(state: Extremes, x: f32): bool {
  const margin = MARGIN * (state.highest - state.lowest);
  const isNew = x > state.highest + margin || x < state.lowest - margin;
  state.lowest = min(state.lowest, x);
  state.highest = max(state.highest, x);
  return isNew;
}
