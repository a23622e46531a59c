// Every file that `npm run gen` writes, as path and text. Pure: what has to be read is asked for,
// so that a test can compare without writing.

import { compilePolicy } from "../config/policy-compile";
import { POLICY_SCHEMA_FILE, policyJsonSchema } from "../config/policy-json-schema";
import { pluginConfigSchema } from "../config/schema";
import { filterImage, filterKind } from "../istio/filter-object";
import { companionFiles, manifests } from "../istio/manifests";
import { yamlText } from "../istio/yaml-text";
import { configurationPage } from "./configuration-page";
import { withPolicyTables } from "./policy-tables";
import { headersPage, metricsPage } from "./signals-pages";

const EXAMPLE = "wasmplugin/examples/llm-service/ganglion.yaml";
const POLICY_PAGE = "docs/reference/policy.md";
const BASE = "wasmplugin/base";
/** Stands where a user's own image goes; kustomize replaces it (wasmplugin/README.md). */
const PLACE_OF_IMAGE = `oci://registry.example/ganglion/filter@sha256:${"0".repeat(64)}`;

/** @param read gives the text of a file of the tree */
export function generatedFiles(read: (path: string) => string): [path: string, text: string][] {
  return [
    [
      "docs/reference/plugin-config.schema.json",
      `${JSON.stringify(pluginConfigSchema(), null, 2)}\n`,
    ],
    [`wasmplugin/${POLICY_SCHEMA_FILE}`, `${JSON.stringify(policyJsonSchema(), null, 2)}\n`],
    [POLICY_PAGE, withPolicyTables(read(POLICY_PAGE))],
    ["docs/reference/configuration.md", configurationPage()],
    ["docs/reference/metrics.md", metricsPage()],
    ["docs/reference/headers.md", headersPage()],
    ...baseFiles(read(EXAMPLE)),
  ];
}

function baseFiles(policyText: string): [string, string][] {
  const { policy, config } = compilePolicy(policyText, EXAMPLE);
  const list = manifests(policy, config, {
    kind: filterKind("auto", policy.mesh.istio),
    image: filterImage(PLACE_OF_IMAGE),
  });
  const objects = list.map(({ file, object }): [string, string] => [file, yamlText(object)]);
  return [...objects, ...companionFiles(list, policy)].map(([file, text]) => [`${BASE}/${file}`, text]);
}
