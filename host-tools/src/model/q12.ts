// The unit of quantised inputs and predictions: Q12, one standard deviation of a feature in training.

/** Q12: units per standard deviation. */
export const ONE_Q12 = 4096;
