// How an output is held against its target; the numbers are assembly/training/loss.ts's.

export const LossKind = {
  /** A padding column. */
  None: 0,
  /** Huber with the corner at 1. */
  Value: 1,
  /** Pinball at a level. */
  Quantile: 2,
  /** Cross-entropy of a target in [0, 1] against the logistic function. */
  Logit: 3,
} as const;
export type LossKind = (typeof LossKind)[keyof typeof LossKind];
