// What the rest of the tool may use of the embedded host.

export * from "./abi";
export { EmbeddedProxy } from "./embedded-proxy";
export type { ConfigureResult, EmbeddedProxyOptions, StreamOptions } from "./embedded-proxy";
export type { FailurePolicy } from "./failure-policy";
export { HeaderSet, type Header } from "./header-set";
export type { HeaderMap } from "./header-map";
export type { HostLog, LogLine } from "./host-log";
export type { HttpCall, HttpCallAnswer, HttpCallHandler } from "./http-call";
export type { HostCallHook } from "./imports";
export type { LocalReply } from "./local-reply";
export type { HistogramValue, Metrics, MetricValue } from "./metrics";
export { ProxyProcess, type ProcessOptions } from "./proxy-process";
export type { HeaderInput, Stream } from "./stream";
export { ResponseFlag, type Attributes, type AttributeValue } from "./stream-info";
export {
  canonicalHeaders,
  replayEvents,
  type EventScript,
  type EventStep,
  type Observations,
  type StreamObservation,
  type UpstreamAnswer,
} from "./event-script";
