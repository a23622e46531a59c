// What the documents say of the policy file, held to the code.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse, parseDocument, visit } from "yaml";
import { compilePolicy } from "../../../host-tools/src/config/policy-compile";
import { policyShape } from "../../../host-tools/src/config/policy-schema";
import { shapeEntries } from "../../../host-tools/src/config/shape/shape-paths";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const page = read("docs/reference/policy.md");
const EXAMPLE = "wasmplugin/examples/assistant";

describe("the page of the policy file", () => {
  it("shows a policy that compiles", () => {
    const [, text] = /```yaml\n([^]*?)```/.exec(page) ?? [];
    const { policy } = compilePolicy(text ?? "", "policy.md");
    expect(policy.services.map(({ name }) => name)).toEqual(["web", "llm-service"]);
  });

  it("names every member that needs a newer Istio, with its version", () => {
    const needs = shapeEntries(policyShape).filter(({ shape }) => shape.istioMinor !== undefined);
    expect(needs.length).toBeGreaterThanOrEqual(2);
    for (const { path, shape } of needs) {
      const key = path.slice(path.lastIndexOf(".") + 1);
      expect(page).toMatch(new RegExp(`\\| 1\\.${shape.istioMinor} \\|[^\\n]*${key}`));
    }
  });
});

describe("the assistant's README", () => {
  const readme = read(`${EXAMPLE}/README.md`);
  const cell = (row: string): string[] =>
    (readme.split("\n").find((line) => line.startsWith(`| ${row} `)) ?? "")
      .split("|")
      .slice(2, 4)
      .map((text) => text.trim());
  const files = readdirSync(new URL(`${EXAMPLE}/manifests/`, root))
    .filter((name) => name.endsWith(".yaml") && name !== "kustomization.yaml")
    .map((name) => read(`${EXAMPLE}/manifests/${name}`));
  const policy = read(`${EXAMPLE}/ganglion.yaml`);

  it("counts what the policy replaces as it is", () => {
    expect(cell("files")).toEqual([String(files.length), "1"]);
    const values = files.map(valueCount).reduce((sum, count) => sum + count, 0);
    expect(cell("values to keep right")).toEqual([String(values), String(valueCount(policy))]);
    const lines = files.map(lineCount).reduce((sum, count) => sum + count, 0);
    expect(cell("lines without comments")).toEqual([String(lines), String(lineCount(policy))]);
  });

  it("counts the objects of each kind", () => {
    const kinds = files.map((text) => (parse(text) as { kind: string }).kind);
    expect(readme).toContain(`The ${kinds.length} objects`);
    for (const kind of [
      "Deployments",
      "AuthorizationPolicies",
      "DestinationRules",
      "Services",
      "ServiceAccounts",
      "Sidecars",
      "VirtualServices",
    ] as const) {
      const one = kind.replace(/ies$/, "y").replace(/s$/, "");
      expect(readme).toContain(`${kinds.filter((each) => each === one).length} ${kind}`);
    }
    const security = kinds.filter((kind) => /^(AuthorizationPolicy|PeerAuth)/.test(kind)).length;
    expect(cell("hand-written security objects")).toEqual([String(security), "0"]);
  });
});

function valueCount(text: string): number {
  let count = 0;
  visit(parseDocument(text), {
    Scalar: (key) => {
      if (key !== "key") count++;
    },
  });
  return count;
}

function lineCount(text: string): number {
  return text.split("\n").filter((line) => !/^\s*(#.*)?$/.test(line)).length;
}
