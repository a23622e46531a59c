// Which features the model predicts, and how. Not all of them: what a client sends (sizes, method)
// comes without memory, and only tells the model in what a route's latencies will follow.

import { Feature } from "../contract";

export interface PredictedOutput {
  readonly feature: Feature;
  /** Predict the change from this request on, not the value: for levels that differ by route. */
  readonly carry: boolean;
}

export const PREDICTED_OUTPUTS: readonly PredictedOutput[] = [
  { feature: Feature.LogInterArrival, carry: false },
  { feature: Feature.LogInFlight, carry: true },
  { feature: Feature.LogTtfbFast, carry: true },
  { feature: Feature.LogLatencyFast, carry: true },
  { feature: Feature.LogLatencySlow, carry: true },
  { feature: Feature.LatencyShift, carry: false },
  { feature: Feature.LogPeakRatio, carry: false },
  { feature: Feature.ErrorFast, carry: false },
  { feature: Feature.ErrorSlow, carry: true },
  { feature: Feature.LimitedShare, carry: false },
];
