// The configuration under which the suite's filter runs: every route of the suite, none with arms, all in
// shadow. A filter that routes around a slow arm would heal what it is to detect; here it only watches.

import {
  canonicalJson,
  withModel,
  type AnomalyConfig,
  type PluginConfig,
} from "../config/plugin-config";
import { readShippedContent, readShippedModel } from "../lib/shipped-model";
import { bundleMembers, encodeBundle, readModels } from "../model/bundle";
import type { SuiteRoute } from "./suite-routes";

/**
 * The models that the tool comes with, in one artifact: every layer can then be measured, also one that
 * the default leaves out.
 *
 * @throws GanglionError E_SHIPPED_MODEL where the package is not whole
 */
export async function suiteArtifact(): Promise<Uint8Array> {
  const shipped = await readShippedModel();
  if (readModels(shipped).content !== undefined) return shipped;
  const members = [...bundleMembers(shipped), await readShippedContent()];
  return encodeBundle({ name: "suite", modelVersion: 1, members });
}

/**
 * @param artifact the models to run
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
