// The VirtualServices of a rollout against Istio's own validation, which its webhook runs and no
// schema knows: weights, mirrors, expressions, names of headers.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { scratchDir } from "../../host-tools/src/rig";
import { yamlText } from "../../host-tools/src/istio/yaml-text";
import type { PolicyTester } from "../../host-tools/src/config/policy-rollout";
import { type HttpRule, splitHttp } from "../../host-tools/src/rollout/canary-split";
import type { Affinity } from "../../host-tools/src/rollout/rollout-plan";
import { samplePlan } from "../host/rollout/sample";
import { meshCanRun } from "./rig";
import { meshParts } from "./rig/parts";

const EXAMPLE = new URL(
  "../../wasmplugin/examples/assistant/manifests/virtualservice-llm-service.yaml",
  import.meta.url,
);
const AFFINITIES: readonly (Affinity | undefined)[] = [
  undefined,
  { kind: "cookie", name: "canary.session", maxAgeS: 3600 },
  { kind: "header", name: "x-session-id" },
];
const TESTERS = [
  { header: "x-canary-user", exact: "true", prefix: undefined, regex: undefined },
  { header: "x-team", exact: undefined, prefix: "sre-", regex: undefined },
  { header: "user-agent", exact: undefined, prefix: undefined, regex: ".*canary.*" },
] satisfies PolicyTester[];

describe.runIf(await meshCanRun())("istioctl validate", () => {
  it("takes the example's rules with every split", async () => {
    const { istioctl } = await meshParts(() => {});
    const folder = join(scratchDir("rollout-objects"), "objects");
    mkdirSync(folder, { recursive: true });
    const object = parse(readFileSync(fileURLToPath(EXAMPLE), "utf8"));
    const { stable, canary } = samplePlan();
    const http = object.spec.http as HttpRule[];
    let files = 0;
    for (const weight of [0, 1, 5, 20, 50, 80, 99, 100]) {
      for (const affinity of AFFINITIES) {
        for (const mirrorPercent of [0, 0.01, 100]) {
          const spec = {
            ...object.spec,
            http: splitHttp(http, {
              host: http[0]?.route?.[0]?.destination?.host ?? "",
              stable,
              canary,
              weight,
              mirrorPercent,
              testers: TESTERS,
              affinity,
              id: "r20261124-1",
            }),
          };
          expect(spec.http.length).toBeGreaterThan(http.length);
          writeFileSync(join(folder, `${files++}.yaml`), yamlText({ ...object, spec }));
        }
      }
    }
    const { stdout, stderr } = spawnSync(istioctl, ["validate", "-f", folder], {
      encoding: "utf8",
    });
    const said = `${stdout}${stderr}`.split("\n").filter((line) => line !== "");
    expect(said.filter((line) => !/ is valid$/.test(line))).toEqual([]);
    expect(said).toHaveLength(files);
  });
});
