// The configuration under which the suite's filter runs: every route of the suite, none with arms, all in
// shadow. A filter that routes around a slow arm would heal what it is to detect; here it only watches.

import {
  canonicalJson,
  withModel,
  type AnomalyConfig,
  type PluginConfig,
} from "../config/plugin-config";
import type { SuiteRoute } from "./suite-routes";

/**
 * @param artifact the model to run
 * @param anomaly what the routes say about alarms, beside tagging them
 */
export function suiteConfig(
  routes: readonly SuiteRoute[],
  artifact: Uint8Array,
  anomaly: AnomalyConfig = {},
): string {
  const config: PluginConfig = {
    version: 1,
    epoch: 1,
    mode: "shadow",
    expose: "always",
    routes: routes.map(({ name, prefix }) => ({
      name,
      match: { path_prefix: prefix },
      anomaly: { act: "tag", ...anomaly },
    })),
  };
  return canonicalJson(withModel(config, artifact));
}
