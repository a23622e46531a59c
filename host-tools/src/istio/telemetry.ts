// What the namespace's proxies record: share of traced requests and tags of each span, and which
// requests they log. A proxy decides about a trace when the request begins, before anybody knows
// whether it will fail; a policy that wants every failed trace has a `tail`, traces everything and
// leaves the choice to a collector (tail-sampling.ts).

import type { AccessLog, TraceTag, Tracing } from "../config/policy-telemetry";
import { type KubeObject, metadata } from "./kube-object";

export interface Recording {
  readonly tracing: Tracing | undefined;
  readonly accessLog: AccessLog | undefined;
}

export function telemetry(name: string, namespace: string, recording: Recording): KubeObject {
  const { tracing, accessLog } = recording;
  return {
    apiVersion: "telemetry.istio.io/v1",
    kind: "Telemetry",
    metadata: metadata(name, namespace),
    spec: {
      ...(tracing && { tracing: [spans(tracing)] }),
      ...(accessLog && {
        accessLogging: [
          {
            providers: [{ name: accessLog.provider }],
            filter: { expression: accessLog.filter },
          },
        ],
      }),
    },
  };
}

function spans({ provider, sampling_percent: head, tags, tail }: Tracing): unknown {
  const customTags = [...(tags ?? [])].map(([name, tag]) => [name, customTag(tag)]);
  return {
    providers: [{ name: provider }],
    randomSamplingPercentage: tail === undefined ? head : 100,
    ...(customTags.length > 0 && { customTags: Object.fromEntries(customTags) }),
  };
}

function customTag(tag: TraceTag): unknown {
  if (typeof tag === "string") return { literal: { value: tag } };
  const { header: name, default: defaultValue } = tag;
  return { header: { name, ...(defaultValue !== undefined && { defaultValue }) } };
}
