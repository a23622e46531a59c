// Input as it is met with: what other tools print, what careless templates make, and meshes whose objects
// override each other on purpose. Nothing of it may stop the run, or be told where it is right.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { located, RULES, verifyTexts } from "../../../host-tools/src/verify";
import { jsonReport } from "../../../host-tools/src/verify/report/json-report";
import { sarifReport } from "../../../host-tools/src/verify/report/sarif-report";

/** By file: the findings that are right, as `RULE PATH`. */
const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  "versions-and-list": [],
  "helm-output": [],
  "anchors-and-merge": [
    "route-refused spec.subsets[2].trafficPolicy.connectionPool.http.idleTimeout",
  ],
  "multi-cluster": [],
  "export-to": [],
  delegates: [],
  "entries-overlap": [],
  "rules-inherited": [],
  "gateway-api": [],
  "odd-types": ['ignore-without-reason metadata.annotations["ganglion.dev/verify-ignore"]'],
};

describe("a nasty sample", () => {
  it.each(Object.keys(SAMPLES))("has exactly the findings that are right: %s", (name) => {
    const file = new URL(`nasty/${name}.yaml`, import.meta.url);
    const verdict = verifyTexts([{ name: `${name}.yaml`, text: readFileSync(file, "utf8") }]);
    const told = verdict.findings.map(located).map(({ rule, path }) => `${rule} ${path}`);
    expect(told).toEqual(SAMPLES[name]);
    expect(() => [jsonReport(verdict), sarifReport(verdict)]).not.toThrow();
  });

  it("hides nothing from any rule beside it: all of them together", () => {
    const texts = Object.keys(SAMPLES).map((name) => {
      const file = new URL(`nasty/${name}.yaml`, import.meta.url);
      return { name: `${name}.yaml`, text: readFileSync(file, "utf8") };
    });
    const broken = new URL("defects/D07/broken.yaml", import.meta.url);
    const text = readFileSync(broken, "utf8").replaceAll("ai-services", "another");
    const { findings } = verifyTexts([...texts, { name: "broken.yaml", text }], {
      only: RULES.map(({ id }) => id),
    });
    const own = findings.map(located).filter(({ file }) => file === "broken.yaml");
    expect(own.map(({ rule }) => rule)).toContain("deny-over-allow");
  });
});
