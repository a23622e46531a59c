// A share of requests (failures, refusals, retries) as a signal: by how many standard deviations a
// window's count exceeds what the share so far lets expect. Not the share itself: one failure of five
// requests and forty of two hundred are the same share and not the same news.
//
//   x     = (k - n p) / sqrt(n p (1 - p) + 1)        the 1: a share of 0 is never certain
//   p    += w (k' / n - p)                           k': k within 3 deviations of n p

const CLIP: f32 = 3;

/** What the surplus and the next share follow from. */
// @ts-ignore: decorator
@inline
function deviation(count: f32, share: f32): f32 {
  return sqrt<f32>(count * share * (1 - share) + 1);
}

/**
 * @param hits of count, in [0, count]
 * @param share so far, in [0, 1]
 * @returns surplus in standard deviations
 */
export function surplusOf(hits: i32, count: i32, share: f32): f32 {
  const n = <f32>count;
  return (<f32>hits - n * share) / deviation(n, share);
}

/** The share after a window. @param clipped whether to bound what one window can do */
export function nextShare(hits: i32, count: i32, share: f32, weight: f32, clipped: bool): f32 {
  const n = <f32>count;
  let k = <f32>hits;
  if (clipped) {
    const reach = CLIP * deviation(n, share);
    k = max(n * share - reach, min(n * share + reach, k));
  }
  return max<f32>(0, min<f32>(1, share + weight * (k / n - share)));
}
