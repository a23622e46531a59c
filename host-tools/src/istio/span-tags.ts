// Tags of a span, as Istio's Telemetry takes them. Envoy evaluates them when the request is over: a
// header that the filter has written is there, and so is the filter state that it leaves.

import { HEADER_ARM, HEADER_MODEL, HEADER_REASON, HEADER_SCORE } from "../contract";
import { type TagSource, type TraceTag, type Tracing, URL_TAG } from "../config/policy-tracing";

const header = (name: string, defaultValue?: string): object => ({
  header: { name, ...(defaultValue !== undefined && { defaultValue }) },
});
/** @param value Envoy's format string; where it has nothing to say there is no tag or a `-` */
const formatter = (value: string): object => ({ formatter: { value } });

export function spanTags({ tags, url_query: keepsQuery }: Tracing): Record<string, unknown> {
  return {
    ...Object.fromEntries([...(tags ?? [])].map(([name, tag]) => [name, spanTag(tag)])),
    // Over Envoy's own tag of this name, which has the query.
    ...(keepsQuery === false && {
      [URL_TAG]: formatter("%REQ(:SCHEME)%://%REQ(:AUTHORITY)%%PATH(NQ:ORIG_OR_PATH)%"),
    }),
  };
}

function spanTag(tag: TraceTag): object {
  if (typeof tag === "string") return { literal: { value: tag } };
  if (tag.from !== undefined) return known(tag.from, tag.default);
  return header(tag.header ?? "", tag.default);
}

function known(from: TagSource, otherwise: string | undefined): object {
  switch (from) {
    case "arm":
      return header(HEADER_ARM, otherwise);
    case "score":
      return header(HEADER_SCORE, otherwise);
    case "reason":
      return header(HEADER_REASON, otherwise);
    case "model_version":
      return header(HEADER_MODEL, otherwise);
    case "verdict":
      return formatter("%FILTER_STATE(wasm.ganglion:PLAIN)%");
    case "route":
      return formatter("%ROUTE_NAME%");
    case "attempts":
      return formatter("%UPSTREAM_REQUEST_ATTEMPT_COUNT%");
    case "request_bytes":
      return formatter("%BYTES_RECEIVED%");
    case "response_bytes":
      return formatter("%BYTES_SENT%");
    case "first_byte_ms":
      return formatter("%RESPONSE_DURATION%");
  }
}
