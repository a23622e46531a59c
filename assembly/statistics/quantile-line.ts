// A running quantile of one stream: a line that a value above pulls up and one below pulls down, so that
// in the end the stated share lies below. Not a sketch: one number instead of a histogram, for the one
// question whether a value is far above what is usual. It moves by a step, whatever the value, so that
// nothing that anybody sends throws it far; the first values move it ten times as far.
//
//   level += step * share          where x > level
//   level -= step * (1 - share)    else

/** Values that still move the line far. */
const YOUNG: i32 = 100;
const YOUNG_FACTOR: f32 = 10;

/** All zero before the first value. */
// @ts-ignore: decorator
@unmanaged
@final
export class QuantileLine {
  level: f32;
  /** Values so far, up to YOUNG. */
  seen: i32;
}

/**
 * Takes a value.
 *
 * @param x no NaN
 * @param above how far above the line counts
 * @param share of values below the line, in (0, 1)
 * @param step > 0, in the unit of x
 * @returns whether x is that far above the line as it was
 */
export function passesLine(line: QuantileLine, x: f32, above: f32, share: f32, step: f32): bool {
  if (line.seen == 0) line.level = x;
  if (line.seen < YOUNG) line.seen++;
  const level = line.level;
  const pace: f32 = line.seen < YOUNG ? step * YOUNG_FACTOR : step;
  const move: f32 = x > level ? pace * share : -(pace * (1 - share));
  line.level = level + move;
  return x > level + above;
}
