// Which features the model predicts, and how. Not all of them: what a client sends (sizes, method) is
// given to the model as context, and how far a route's usual latency lies from other routes' says nothing.

import { Feature } from "../contract";

export interface PredictedOutput {
  readonly feature: Feature;
  /** Predict the change since this request instead of the value: for levels that differ by route. */
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
  { feature: Feature.LogRequestBytes, carry: false },
  { feature: Feature.LogHeaderBytes, carry: true },
  { feature: Feature.LogPathBytes, carry: true },
  { feature: Feature.LogQueryBytes, carry: false },
  { feature: Feature.LogHeaderCount, carry: true },
  { feature: Feature.MethodUnsafe, carry: false },
  { feature: Feature.LimitedShare, carry: false },
];
