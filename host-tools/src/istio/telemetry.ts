// What the namespace's proxies record: share of traced requests and tags of each span, and which
// requests they log. A proxy decides about a trace when the request begins, before anybody knows
// whether it will fail; a policy that wants every failed trace has a `tail`, traces everything and
// leaves the choice to a collector (tail-sampling.ts).

import type { AccessLog } from "../config/policy-telemetry";
import type { Tracing } from "../config/policy-tracing";
import { type KubeObject, metadata } from "./kube-object";
import { spanTags } from "./span-tags";

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

function spans(tracing: Tracing): unknown {
  const { provider, sampling_percent: head, tail } = tracing;
  const customTags = spanTags(tracing);
  return {
    providers: [{ name: provider }],
    randomSamplingPercentage: tail === undefined ? head : 100,
    ...(Object.keys(customTags).length > 0 && { customTags }),
  };
}
