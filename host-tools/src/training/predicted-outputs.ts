// Which features the model predicts, and how. Not all of them: what a client sends (sizes, method)
// comes without memory, and only tells the model in what a route's latencies will follow.
//
// The last latencies are predicted by quantiles: single requests spread over decades, and what moves
// when one arm of three is slow is the upper part of the distribution, long before the averages do.

import { Feature } from "../contract";
import type { FloatOutput } from "../model/float-model";
import { ONE_Q12 } from "../model/q12";
import type { FeatureCalibration } from "./calibration";

const value = (feature: Feature): FloatOutput => ({ kind: "value", feature, carry: false });
/** The change from this request on: for levels that differ by route. */
const change = (feature: Feature): FloatOutput => ({ kind: "value", feature, carry: true });
const level = (feature: Feature, tau: number): FloatOutput => ({
  kind: "quantile",
  feature,
  carry: false,
  tau,
});

/** A share from 0 to 1 as a probability. */
function probability(feature: Feature, { offsets, scales }: FeatureCalibration): FloatOutput {
  const at = (share: number) => ((share - offsets[feature]!) * scales[feature]!) / ONE_Q12;
  return { kind: "logit", feature, zero: at(0), one: at(1) };
}

/** The outputs of the filter's model; sixteen, which is what the kernels compute at once. */
export function predictedOutputs(calibration: FeatureCalibration): FloatOutput[] {
  return [
    value(Feature.LogInterArrival),
    change(Feature.LogInFlight),
    change(Feature.LogTtfbFast),
    change(Feature.LogLatencyFast),
    change(Feature.LogLatencySlow),
    value(Feature.LatencyShift),
    value(Feature.ErrorFast),
    change(Feature.ErrorSlow),
    value(Feature.LimitedShare),
    level(Feature.LogLatencyLast, 0.5),
    level(Feature.LogLatencyLast, 0.9),
    level(Feature.LogTtfbLast, 0.9),
    probability(Feature.FailedLast, calibration),
    value(Feature.ClientErrorFast),
    value(Feature.RetryShare),
    change(Feature.PathNovelty),
  ];
}
