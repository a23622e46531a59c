// The indicators that the statistics layer watches on each route, one value a window of about a second.
// Numbers are stable: they travel as the signal that made an evidence.
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

export enum RouteSignal {
  /** Requests per second, log2. */
  Rate = 0,
  /** Mean of log2 of the time to the last byte, ms. */
  Latency = 1,
  /** The largest of them. */
  SlowestLatency = 2,
  /** Mean of log2 of the time between first and last byte, ms. */
  BodyTime = 3,
  /** Answers 5xx beyond what is usual, in standard deviations. */
  Failures = 4,
  /** Answers 4xx other than 429 beyond what is usual. */
  Refusals = 5,
  /** Mean of log2 of the request's bytes. */
  Bytes = 6,
  /** Requests that are not a first attempt beyond what is usual. */
  Retries = 7,
}

export const ROUTE_SIGNALS: i32 = 8;

/** Whether only a rise of the signal is news: fewer failures are none. */
export function signalRisesOnly(signal: i32): bool {
  return (
    signal == RouteSignal.Failures ||
    signal == RouteSignal.Refusals ||
    signal == RouteSignal.Retries
  );
}

/** Name for people, logs and labels. @param signal in [0, ROUTE_SIGNALS) */
export function signalName(signal: i32): string {
  switch (signal) {
    case RouteSignal.Rate:
      return "rate";
    case RouteSignal.Latency:
      return "latency";
    case RouteSignal.SlowestLatency:
      return "slowest_latency";
    case RouteSignal.BodyTime:
      return "body_time";
    case RouteSignal.Failures:
      return "failures";
    case RouteSignal.Refusals:
      return "refusals";
    case RouteSignal.Bytes:
      return "bytes";
    default:
      return "retries";
  }
}
