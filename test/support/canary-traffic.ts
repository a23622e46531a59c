// A route whose canary gets a share of the traffic from the mesh, in the embedded host: which
// cluster an answer came from is told by the property that Envoy has it in.

import type { CanaryConfig, PluginConfig } from "../../host-tools/src/config/plugin-config";
import type { EmbeddedProxy, Header } from "../../host-tools/src/embedded";
import { MS, configOf, observe, request, type Exchange } from "./filter-proxy";

export const STABLE_CLUSTER = "outbound|8080|v1|llm.ai.svc.cluster.local";
export const CANARY_CLUSTER = "outbound|8080|v2|llm.ai.svc.cluster.local";

export const CANARY: CanaryConfig = { id: "v2-1", stable: "v1", cluster: CANARY_CLUSTER };

/** One enforcing route with a canary. */
export function canaryConfig(
  canary: Partial<CanaryConfig> | undefined = {},
  rest: Partial<PluginConfig> = {},
): PluginConfig {
  return configOf([{ name: "chat", canary: { ...CANARY, ...canary } }], rest);
}

export interface CanaryAnswer {
  /** Status; "reset" for a stream that ends without one. */
  readonly status?: number | "reset";
  readonly worker?: number;
  readonly cluster?: string;
  readonly headers?: readonly Header[];
}

/** One request that the mesh sends to the canary, unless the filter says otherwise. */
export function askCanary(proxy: EmbeddedProxy, answer: CanaryAnswer = {}): Exchange {
  const { status = 200, worker = 0, cluster = CANARY_CLUSTER } = answer;
  const attributes = { "xds.cluster_name": cluster };
  const stream = proxy.stream(worker, { headers: answer.headers ?? request(), attributes });
  if (stream.reply === null && status !== "reset") {
    stream.pushResponseHeaders([[":status", String(status)]], true);
  }
  const seen = observe(stream);
  if (status === "reset") stream.reset();
  else stream.end();
  return seen;
}

/** Failures until the next request is kept off the canary; fails after 100. */
export function failUntilKilled(proxy: EmbeddedProxy, worker = 0): number {
  for (let failures = 0; failures < 100; failures++) {
    if (askCanary(proxy, { status: 503, worker }).arm !== "") return failures;
  }
  throw new Error("the canary was not killed by 100 failures");
}

/** Lets every worker tick once. */
export function tick(proxy: EmbeddedProxy): void {
  proxy.advance(101 * MS);
}

/** What all workers know of the canaries, as it stands in shared data. */
export function canaryRecords(proxy: EmbeddedProxy): CanaryRecord[] {
  return proxy.sharedData.keys().flatMap((key) => {
    if (!/^ganglion\/1\/c[0-9a-f]{4}$/.test(key)) return [];
    const bytes = proxy.sharedData.get(key) as Uint8Array;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return {
      key,
      evidenceQ16: view.getInt32(8, true),
      comparisonQ16: view.getInt32(12, true),
      requests: view.getUint32(16, true),
      errors: view.getUint32(20, true),
      isKilled: view.getUint32(24, true) !== 0,
      aboveQ16: view.getInt32(28, true),
    };
  });
}

export interface CanaryRecord {
  readonly key: string;
  readonly evidenceQ16: number;
  readonly comparisonQ16: number;
  readonly aboveQ16: number;
  readonly requests: number;
  readonly errors: number;
  readonly isKilled: boolean;
}
