// Every file that `npm run gen` writes, as path and text. Pure: what has to be read is asked for,
// so that a test can compare without writing.

import { POLICY_SCHEMA_FILE, policyJsonSchema } from "../config/policy-json-schema";
import { pluginConfigSchema } from "../config/schema";
import { chartValuesSchema } from "./chart-schema";
import { configurationPage } from "./configuration-page";
import { withPolicyTables } from "./policy-tables";
import { renderedPolicies } from "./rendered-policies";
import { headersPage, metricsPage } from "./signals-pages";

const POLICY_PAGE = "docs/reference/policy.md";

/** @param read gives the text of a file of the tree */
export function generatedFiles(read: (path: string) => string): [path: string, text: string][] {
  return [
    [
      "docs/reference/plugin-config.schema.json",
      `${JSON.stringify(pluginConfigSchema(), null, 2)}\n`,
    ],
    [`wasmplugin/${POLICY_SCHEMA_FILE}`, `${JSON.stringify(policyJsonSchema(), null, 2)}\n`],
    ["wasmplugin/chart/values.schema.json", `${JSON.stringify(chartValuesSchema(), null, 2)}\n`],
    [POLICY_PAGE, withPolicyTables(read(POLICY_PAGE))],
    ["docs/reference/configuration.md", configurationPage()],
    ["docs/reference/metrics.md", metricsPage()],
    ["docs/reference/headers.md", headersPage()],
    ...renderedPolicies(read),
  ];
}
