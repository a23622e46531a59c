// Istio's own validation, which its webhook runs on every object, on objects of traffic made at
// random from the policy's description. The API server's schemas know less: they take a timeout of
// 0s and a status code that nobody has.

import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { scratchDir } from "../../host-tools/src/rig";
import { yamlStream, yamlText } from "../../host-tools/src/istio/yaml-text";
import { trafficObjects, trafficPolicies } from "../host/istio/random-traffic";
import { meshCanRun } from "./rig";
import { meshParts } from "./rig/parts";

const POLICIES = 300;

describe.runIf(await meshCanRun())("istioctl validate", () => {
  const folder = join(scratchDir("validate"), "objects");
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("takes every object of traffic that a policy can give", async () => {
    const { istioctl } = await meshParts(() => {});
    mkdirSync(folder, { recursive: true });
    const policies = fc.sample(trafficPolicies, { numRuns: POLICIES, seed: 7 });
    const lists = policies.flatMap((policy) => {
      const objects = trafficObjects(policy, 31);
      return objects === undefined || objects.length === 0 ? [] : [objects];
    });
    expect(lists.length).toBeGreaterThan(POLICIES / 3);
    for (const [index, objects] of lists.entries()) {
      writeFileSync(join(folder, `${index}.yaml`), yamlStream(objects.map(yamlText)));
    }
    const said = validate(istioctl, folder);
    expect(said.filter((line) => !/ is valid$/.test(line))).toEqual([]);
    expect(said).toHaveLength(lists.length);
    process.stderr.write(`${lists.length} of ${POLICIES} policies rendered, all of them valid\n`);
  });

  it("does find what is wrong", async () => {
    const { istioctl } = await meshParts(() => {});
    const file = join(folder, "wrong.yaml");
    writeFileSync(file, WRONG);
    expect(validate(istioctl, file).join()).toContain("duration must be greater than 1ms");
  });
});

const WRONG = `\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: wrong, namespace: default }
spec:
  hosts: [a.example.com]
  http: [{ timeout: 0s, route: [{ destination: { host: a.example.com } }] }]
`;

/** Lines of both outputs. */
function validate(istioctl: string, path: string): string[] {
  const { stdout, stderr } = spawnSync(istioctl, ["validate", "-f", path], { encoding: "utf8" });
  return [...lines(stdout), ...lines(stderr)];
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
