// The policy that the demo's filter runs, in the form that a user writes, compiled the way that `render`
// does. Like wasmplugin/examples/llm-service, with the demo's arms and a limit per tenant.

import { readFileSync } from "node:fs";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { canonicalJson, withEpoch, withModel } from "../config/plugin-config";
import { compilePolicy } from "../config/policy-compile";
import { GanglionError } from "../lib/errors";
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
        anomaly: { act: tag }
`;
}

/** Rate and burst of a tenant that the policy does not name. */
const LIMIT_OTHERS = 40;

/**
 * Compiles the policy and puts the default model into it.
 *
 * @throws GanglionError E_DEFAULT_MODEL where the package is not whole
 */
export function demoConfiguration(scenario: Scenario): DemoConfiguration {
  const policyText = demoPolicy(scenario);
  const artifact = readFileSync(defaultModelPath());
  const { config } = compilePolicy(policyText, "the demo's policy");
  return {
    policyText,
    pluginConfig: canonicalJson(withModel(withEpoch(config, 1), artifact)),
    model: describeArtifact(artifact),
  };
}

/** In a checkout and in the package alike, beside `build` and above `host-tools`. */
function defaultModelPath(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const places = ["..", "../../.."].map((up) => join(here, up, "wasmplugin/models/default.gngl"));
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new GanglionError("E_DEFAULT_MODEL", "wasmplugin/models/default.gngl is not in its place", {
    hint: "Run `npm run train:default`, or install the package again.",
  });
}
