// The good configuration that must stay in force while bad ones are pushed, and how one sees from
// outside that it does. Every part of it shows in a request: an arm that only this configuration
// would choose, the version of its model, and a bucket that has been empty from the beginning.

import {
  canonicalJson,
  withModel,
  type PluginConfig,
} from "../../host-tools/src/config/plugin-config";

export const TIER_HEADER = "x-user-tier";
export const SPENT_TIER = "spent";
export const OTHER_TIER = "gold";
/** The default arm has no weight, so each request must carry this arm's header. */
export const CHOSEN_ARM = "b";
/** Tokens that the spent tier has at first; 1,000 s to the next one. */
export const SPENT_BURST = 2;
export const KEPT_EPOCH = 1000;

/** @param epoch a later one, where an accepted configuration has to be replaced */
export function keptConfig(artifact: Uint8Array, epoch = KEPT_EPOCH): PluginConfig {
  const config: PluginConfig = {
    version: 1,
    epoch,
    mode: "enforce",
    expose: "always",
    fast_half_life_ms: 200,
    slow_half_life_ms: 3500,
    quantile_half_life_ms: 30_000,
    exploration_permille: 0,
    routes: [
      {
        name: "chat",
        match: { path_prefix: "/chat", method: "GET" },
        arms: [
          { name: "a", default: true, weight: 0 },
          { name: CHOSEN_ARM, weight: 1 },
        ],
        fallback: [CHOSEN_ARM, "a"],
        ejection: { error_permille: 500, requests_min: 50, duration_ms: 1000 },
        anomaly: { threshold_permille: 1000, act: "observe" },
        limits: [
          {
            name: "tier",
            key_header: TIER_HEADER,
            requests_per_second: 100_000,
            burst: 100_000,
            values: [{ value: SPENT_TIER, requests_per_second: 0.001, burst: SPENT_BURST }],
          },
        ],
      },
    ],
  };
  return withModel(config, artifact);
}

export function keptJson(artifact: Uint8Array, epoch = KEPT_EPOCH): string {
  return canonicalJson(keptConfig(artifact, epoch));
}
