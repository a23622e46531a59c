// Names and enums that leave the filter: headers, verdicts, reasons, metrics. Written once, compiled
// into the filter and bundled into the host tool, so that a dashboard and a header can never disagree.
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

/** Every request header that starts with this is removed from what a client sent. */
export const HEADER_PREFIX: string = "x-ganglion-";
/** Names the arm; absent for the default arm. A VirtualService matches on it. */
export const HEADER_ARM: string = "x-ganglion-arm";
/** Anomaly score in permille. */
export const HEADER_SCORE: string = "x-ganglion-score";
/** Verdict by name; only where it is not allow. */
export const HEADER_VERDICT: string = "x-ganglion-verdict";
/** Why that verdict. */
export const HEADER_REASON: string = "x-ganglion-reason";
/** Version of the model that made the score. */
export const HEADER_MODEL: string = "x-ganglion-model";
/** Evidence of all acting layers, of statistics, sequence and content, Q8; only where all is exposed. */
export const HEADER_EVIDENCE: string = "x-ganglion-evidence";
/** Reserved: milliseconds left, only from a trusted hop. Removed from client requests like the others. */
export const HEADER_DEADLINE_MS: string = "x-ganglion-deadline-ms";
/** Reserved: marks a degraded answer. */
export const HEADER_DEGRADED: string = "x-ganglion-degraded";
/** Seconds until a refused request may be tried again. */
export const HEADER_RETRY_AFTER: string = "retry-after";
/** Marks an answer of the local rate limit, as Envoy's own filter is commonly set up to do. */
export const HEADER_LOCAL_RATE_LIMIT: string = "x-local-rate-limit";

/** What is to be done with a request. */
export enum Verdict {
  /** Pass; an arm may have been chosen. */
  Allow = 0,
  /** Pass, marked with score and reason. */
  Tag = 1,
  /** Pass to another arm because of the score. */
  Reroute = 2,
  /** Refuse with 429 because a bucket is empty. */
  Throttle = 3,
  /** Refuse with 503 because of the score. */
  Shed = 4,
}
export const VERDICTS: i32 = 5;

/** Why that verdict. */
export enum Reason {
  None = 0,
  /** The score crossed its threshold. */
  Anomaly = 1,
  /** A token bucket was empty. */
  RateLimit = 2,
  /** The preferred arms are ejected; the fallback order decided. */
  Fallback = 3,
  /** A bounded share of requests looks at arms with stale estimates. */
  Exploration = 4,
  /** The canary of the route was found bad: its requests go to the stable arm. */
  CanaryKilled = 5,
}
export const REASONS: i32 = 6;

/** The wire name of a verdict, in headers and metric labels. */
export function verdictName(verdict: i32): string {
  switch (verdict) {
    case 0:
      return "allow";
    case 1:
      return "tag";
    case 2:
      return "reroute";
    case 3:
      return "throttle";
    default:
      return "shed";
  }
}

/** The wire name of a reason, in headers and metric labels. */
export function reasonName(reason: i32): string {
  switch (reason) {
    case 0:
      return "none";
    case 1:
      return "anomaly";
    case 2:
      return "rate_limit";
    case 3:
      return "fallback";
    case 4:
      return "exploration";
    default:
      return "canary_killed";
  }
}

/** Layers of the scorer; see docs/decisions/0016. */
export enum ScoreLayer {
  /** Streaming statistics of the route's windows. */
  Statistics = 0,
  /** Model of the sequence of requests. */
  Sequence = 1,
  /** Path and query of the request. */
  Content = 2,
}
export const SCORE_LAYERS: i32 = 3;

/** The wire name of a layer, in filter state and metric labels. */
export function layerName(layer: i32): string {
  switch (layer) {
    case 0:
      return "statistics";
    case 1:
      return "sequence";
    default:
      return "content";
  }
}

/** Internal events that make the filter do less than it should; label cause of ErrorsTotal. */
export enum Cause {
  StreamTableFull = 0,
  LeaseTableFull = 1,
  BucketOverflow = 2,
  HeadersUnreadable = 3,
  StatusUnreadable = 4,
  SharedDataFailed = 5,
  HeaderWriteFailed = 6,
  ReplyFailed = 7,
  DuplicateKeyHeader = 8,
  Fault = 9,
  CasExhausted = 10,
  ClockFailed = 11,
}
export const CAUSES: i32 = 12;

/** The wire name of a cause. */
export function causeName(cause: i32): string {
  switch (cause) {
    case 0:
      return "stream_table_full";
    case 1:
      return "lease_table_full";
    case 2:
      return "bucket_overflow";
    case 3:
      return "headers_unreadable";
    case 4:
      return "status_unreadable";
    case 5:
      return "shared_data_failed";
    case 6:
      return "header_write_failed";
    case 7:
      return "reply_failed";
    case 8:
      return "duplicate_key_header";
    case 9:
      return "fault";
    case 10:
      return "cas_exhausted";
    default:
      return "clock_failed";
  }
}

/** Outcome of a configuration; label cause of ConfigsTotal. */
export enum ConfigOutcome {
  Accepted = 0,
  Refused = 1,
  Stale = 2,
}
export const CONFIG_OUTCOMES: i32 = 3;

/** The wire name of a configuration's outcome. */
export function configOutcomeName(outcome: i32): string {
  switch (outcome) {
    case 0:
      return "accepted";
    case 1:
      return "refused";
    default:
      return "stale";
  }
}
