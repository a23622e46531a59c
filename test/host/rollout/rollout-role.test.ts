import { describe, expect, it } from "vitest";
import { yamlStream, yamlText } from "../../../host-tools/src/istio/yaml-text";
import { rolloutRoleObjects, rolloutRules } from "../../../host-tools/src/rollout/rollout-role";
import { expectGolden } from "../../support/golden";
import { samplePlan } from "./sample";

describe("the rights of a rollout", () => {
  it("are those of the golden file", () => {
    const objects = rolloutRoleObjects(samplePlan(), "roller");
    expectGolden("rollout/role.yaml", yamlStream(objects.map(yamlText)));
  });

  it("are to objects by their names, but for the list of pods, which no Prometheus needs", () => {
    const unnamed = rolloutRules(samplePlan()).filter((rule) => rule.resourceNames === undefined);
    expect(unnamed).toEqual([{ apiGroups: [""], resources: ["pods"], verbs: ["list"] }]);
    const told = samplePlan({ metrics: { prometheus: "http://p:9090", proxies: undefined } });
    expect(rolloutRules(told).every((rule) => rule.resourceNames?.length === 1)).toBe(true);
  });
});
