// The policy that the demo's filter runs, in the form that a user writes, compiled the way that `render`
// does. Like wasmplugin/examples/llm-service, with the demo's arms and a limit per tenant.

import { canonicalJson, withEpoch, withModel } from "../config/plugin-config";
import { compilePolicy } from "../config/policy-compile";
import { checkWithFilter } from "../istio/filter-check";
import { readFilterModule } from "../lib/filter-module";
import { readShippedModel } from "../lib/shipped-model";
import { readShippedBundle } from "../model/shipped-bundle";
import { describeArtifact, type ArtifactDescription } from "../model/describe-artifact";
import type { Scenario } from "./scenario";

export interface DemoConfiguration {
  /** As a user would write it; shown in the report. */
  readonly policyText: string;
  /** What the filter gets, model included. */
  readonly pluginConfig: string;
  readonly model: ArtifactDescription;
}

/** The policy's text. */
export function demoPolicy(scenario: Scenario): string {
  const arms = scenario.arms.map(
    ({ name }, i) => `      ${name}: {${i === 0 ? " default: true " : ""}}`,
  );
  const listed = scenario.tenants.filter((one) => one.limitPerSecond !== LIMIT_OTHERS);
  const rates = [
    ...listed.map((one) => `${one.name}: ${one.limitPerSecond}`),
    `"*": ${LIMIT_OTHERS}`,
  ];
  const map = `{ ${rates.join(", ")} }`;
  return `version: 1
mode: enforce
expose: always # score and model of every request, so that the demo can draw them
services:
  llm-service:
    arms:
${arms.join("\n")}
    routes:
      - name: chat
        match: { path_prefix: /api/llm/chat, method: POST }
        limits:
          - name: tenant
            key: { header: x-tenant }
            requests_per_second: ${map}
            burst: ${map}
        anomaly: { act: tag, statistics: observe, sequence: act }
`;
}

/** Rate and burst of a tenant that the policy does not name. */
const LIMIT_OTHERS = 40;

/**
 * Compiles the policy and puts the shipped model into it.
 *
 * @throws GanglionError E_SHIPPED_MODEL, E_FILTER_MODULE, E_FILTER_REFUSED where the package is not whole
 */
export async function demoConfiguration(scenario: Scenario): Promise<DemoConfiguration> {
  const policyText = demoPolicy(scenario);
  const scorer = await readShippedModel();
  const artifact = await readShippedBundle();
  const { config } = compilePolicy(policyText, "the demo's policy");
  const pluginConfig = canonicalJson(withModel(withEpoch(config, 1), artifact));
  checkWithFilter(await readFilterModule(), pluginConfig);
  return { policyText, pluginConfig, model: describeArtifact(scorer) };
}
