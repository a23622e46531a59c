// What a policy says of traces: how many, what stands in a span beside Envoy's own words, and which of
// them a collector keeps.

import { type Format, HEADER_NAME } from "./shape/format";
import {
  choice,
  durationMs,
  either,
  flag,
  map,
  percent,
  record,
  type Refuse,
  text,
  type ValueOf,
  whole,
} from "./shape/shape";

const TAG_NAME: Format = {
  pattern: /^[a-z0-9]([-a-z0-9_.]{0,62}[a-z0-9])?$/,
  says: "is no tag's name: lower-case letters, digits, '.', '_', '-'",
};
/** Tags and headers that carry what a user wrote or a secret; a trace is read by many. */
const PRIVATE_HEADER =
  /prompt|completion|message|authorization|cookie|api[-_.]?key|token|secret|password/;

/** Istio's Telemetry takes Envoy's own format strings from this version on. */
const FORMATTER_MINOR = 29;
const FORMATTED_WORDS = [
  "verdict",
  "route",
  "attempts",
  "request_bytes",
  "response_bytes",
  "first_byte_ms",
] as const;
const HEADER_WORDS = ["arm", "score", "reason", "model_version"] as const;
/** What the filter or its Envoy knows of a request. */
export type TagSource = (typeof HEADER_WORDS)[number] | (typeof FORMATTED_WORDS)[number];

/** Whether the source is a header that the root's `expose` decides about. */
export function isExposed(from: TagSource | undefined): boolean {
  return from === "score" || from === "reason" || from === "model_version";
}

const tagShape = either("Where the tag's value comes from.", {
  scalar: text("The value itself."),
  map: record(
    "A request header, or what the filter and its Envoy know of the request.",
    {
      header: text("Name of the request header.", { format: HEADER_NAME, otherwise: "from" }),
      from: choice(
        "What the filter or its Envoy knows; all but the first four need Istio 1.29 or newer.",
        [...HEADER_WORDS, ...FORMATTED_WORDS],
        {
          otherwise: "header",
          sinceMinor: Object.fromEntries(FORMATTED_WORDS.map((word) => [word, FORMATTER_MINOR])),
        },
      ),
      default: text("Value of requests without it.", { otherwise: "no tag" }),
    },
    { check: checkTag },
  ),
});
export type TraceTag = ValueOf<typeof tagShape>;

function checkTag(
  tag: {
    readonly header?: string | undefined;
    readonly from?: TagSource | undefined;
    readonly default?: string | undefined;
  },
  refuse: Refuse,
): void {
  const { header, from } = tag;
  if ((header === undefined) === (from === undefined)) {
    refuse("must say one of header and from");
  }
  if (tag.default !== undefined && FORMATTED_WORDS.some((word) => word === from)) {
    refuse(`is for headers; ${from} has no default`, "default");
  }
}

export const tracingShape = record(
  "Traces of the namespace's proxies.",
  {
    provider: text("Name of the provider in the mesh's extensionProviders.", { required: true }),
    sampling_percent: percent("Share of requests that are traced, decided at their start.", {
      default: 10,
    }),
    tags: map("Tags of each span, by name; never a prompt or a secret.", tagShape, {
      keys: TAG_NAME,
      otherwise: "none",
    }),
    url_query: flag("Whether a span's http.url keeps the query, where a prompt may stand.", {
      otherwise: "Envoy's own, which keeps it",
      istioMinor: FORMATTER_MINOR,
    }),
    tail: record(
      "Keep every trace with an error: proxies trace everything, a collector decides at the end.",
      {
        keep_percent: percent("Share of traces without error that the collector keeps.", {
          default: 10,
        }),
        wait_ms: durationMs("How long the collector waits for a trace to be whole.", {
          default: 10_000,
        }),
        traces_max: whole("Traces that the collector holds meanwhile.", {
          low: 100,
          high: 10_000_000,
          default: 50_000,
          unit: "traces",
        }),
        slow_ms: durationMs("Traces that took longer are kept as well.", { otherwise: "none" }),
      },
    ),
    collector: record("Where traces go, for the installation's extensionProviders.", {
      host: text("OpenTelemetry collector, fully qualified.", { required: true }),
      port: whole("Its gRPC port.", { low: 1, high: 65535, default: 4317 }),
    }),
  },
  { check: checkTags },
);
export type Tracing = ValueOf<typeof tracingShape>;

function checkTags(
  tracing: {
    readonly tags?: ReadonlyMap<string, TraceTag> | undefined;
    readonly url_query?: boolean | undefined;
  },
  refuse: Refuse,
): void {
  const { tags } = tracing;
  for (const [name, tag] of tags ?? []) {
    const header = typeof tag === "string" ? undefined : tag.header;
    if (!PRIVATE_HEADER.test(name) && !PRIVATE_HEADER.test(header ?? "")) continue;
    refuse(`tag ${name} would put a prompt or a secret into traces`, "tags");
  }
  if (tracing.url_query === false && tags?.has(URL_TAG)) {
    refuse(`url_query: false writes the tag ${URL_TAG} itself`, "tags");
  }
}

/** The tag in which Envoy tells a request's address. */
export const URL_TAG = "http.url";
