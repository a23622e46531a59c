// The model's input: which number stands at which index, and what it means. The order is part of the
// artifact (its schema hash), so a model trained for another order is refused.
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

/**
 * Input features of the scorer, one vector per request of a route, taken when its headers arrive.
 * All are raw 32-bit floats; the artifact's calibration turns them into int16. Logarithms are base 2.
 * Latencies come from the route's finished requests.
 */
export enum Feature {
  /** log2 of the milliseconds since the route's last request, plus 1/64 ms. */
  LogInterArrival = 0,
  /** log2(1 + requests of the route in flight). */
  LogInFlight = 1,
  /** log2 of the fast EWMA of time to first byte in ms. */
  LogTtfbFast = 2,
  /** log2 of the fast EWMA of time to last byte in ms. */
  LogLatencyFast = 3,
  /** log2 of the slow EWMA of time to last byte in ms. */
  LogLatencySlow = 4,
  /** Distance of the fast from the slow latency in slow standard deviations, clamped to [-16, 16]. */
  LatencyShift = 5,
  /** log2 of peak over slow latency. */
  LogPeakRatio = 6,
  /** Error EWMA, 0 to 1. */
  ErrorFast = 7,
  /** Slow error EWMA, 0 to 1. */
  ErrorSlow = 8,
  /** log2(1 + content-length). */
  LogRequestBytes = 9,
  /** log2(1 + bytes of all request headers). */
  LogHeaderBytes = 10,
  /** log2(1 + bytes of the path without query). */
  LogPathBytes = 11,
  /** log2(1 + bytes of the query). */
  LogQueryBytes = 12,
  /** log2(1 + request headers). */
  LogHeaderCount = 13,
  /** 0 for GET, HEAD, OPTIONS; 1 otherwise. */
  MethodUnsafe = 14,
  /** EWMA of the share of requests that a limit refused, 0 to 1. */
  LimitedShare = 15,
  /** log2 of the latency in ms of the request that ended last without a server error. */
  LogLatencyLast = 16,
  /** log2 of the time to first byte in ms of the response that began last. */
  LogTtfbLast = 17,
  /** log2(1 + ms from first to last byte) of the request that ended last. */
  LogStreamLast = 18,
  /** Share of server errors among the requests that ended since the last arrival, 0 to 1; 0 of none. */
  FailedLast = 19,
  /** log2(1 + requests that ended since the last arrival). */
  LogEnded = 20,
  /** EWMA of the share of client errors (4xx but 429), 0 to 1. */
  ClientErrorFast = 21,
  /** EWMA of the share of requests that are a retry (x-envoy-attempt-count above 1), 0 to 1. */
  RetryShare = 22,
  /** EWMA of the share of requests with a path that none of the route's last few had, 0 to 1. */
  PathNovelty = 23,
}
/** Length of the feature vector; a multiple of 8 so that a vector fills whole SIMD registers. */
export const FEATURES: i32 = 24;
/** Raised when the order or meaning of a feature changes; part of every artifact. */
export const FEATURE_SCHEMA: i32 = 2;

/** The feature's name in tools and model cards. */
export function featureName(feature: i32): string {
  switch (feature) {
    case 0:
      return "log_inter_arrival";
    case 1:
      return "log_in_flight";
    case 2:
      return "log_ttfb_fast";
    case 3:
      return "log_latency_fast";
    case 4:
      return "log_latency_slow";
    case 5:
      return "latency_shift";
    case 6:
      return "log_peak_ratio";
    case 7:
      return "error_fast";
    case 8:
      return "error_slow";
    case 9:
      return "log_request_bytes";
    case 10:
      return "log_header_bytes";
    case 11:
      return "log_path_bytes";
    case 12:
      return "log_query_bytes";
    case 13:
      return "log_header_count";
    case 14:
      return "method_unsafe";
    case 15:
      return "limited_share";
    case 16:
      return "log_latency_last";
    case 17:
      return "log_ttfb_last";
    case 18:
      return "log_stream_last";
    case 19:
      return "failed_last";
    case 20:
      return "log_ended";
    case 21:
      return "client_error_fast";
    case 22:
      return "retry_share";
    default:
      return "path_novelty";
  }
}
