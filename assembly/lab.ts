// The filter with a window into it, for training and evaluation: the same doors, and the features of the
// request that was seen last. Never shipped; what is trained on it is what the release module computes.

import { featureVector } from "./features/extract";

export * from "./index";

/** First byte of the last feature vector: f32 x FEATURES. */
export function lab_features(): usize {
  return featureVector();
}
