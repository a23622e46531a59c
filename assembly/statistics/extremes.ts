// Has anything like this ever been seen? The range of all values so far, and whether a new one lies
// outside by more than 4 % of it. Nothing is forgotten: a range that shrinks calls the old news again.

/** How far outside, as a share of the range. */
const MARGIN: f32 = 0.04;

/** Values before there can be a new extreme. */
const KNOWN_AFTER: i32 = 64;

/** Range of one signal; all zero before the first value. */
// @ts-ignore: decorator
@unmanaged
@final
export class Extremes {
  lowest: f32;
  highest: f32;
  /** Values seen, up to KNOWN_AFTER. */
  seen: i32;
}

/** Whether x is a new extreme; it is one of the range afterwards. @param x finite */
export function stepExtremes(state: Extremes, x: f32): bool {
  if (state.seen == 0) {
    state.lowest = x;
    state.highest = x;
  }
  const margin = MARGIN * (state.highest - state.lowest);
  const isNew = x > state.highest + margin || x < state.lowest - margin;
  state.lowest = min(state.lowest, x);
  state.highest = max(state.highest, x);
  if (state.seen >= KNOWN_AFTER) return isNew;
  state.seen++;
  return false;
}
