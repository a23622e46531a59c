// What a policy compiles to, and what is said of one that does not compile.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compilePolicy } from "../../../host-tools/src/config/policy-compile";
import type { GanglionError } from "../../../host-tools/src/lib/errors";
import { expectGolden } from "../../support/golden";
import { policyMistakes } from "./policy-mistakes";

const example = readFileSync(
  new URL("../../../wasmplugin/examples/llm-service/ganglion.yaml", import.meta.url),
  "utf8",
);
const service = (members: string): string => `version: 1\nservices:\n  llm:\n${members}`;
const compiled = (text: string) => compilePolicy(text, "ganglion.yaml");

describe("a policy", () => {
  it("with the least that is possible gets the host, the port and the mesh by default", () => {
    const { policy, config } = compiled(service("    routes: [{ name: all }]"));
    expect(config).toEqual({ version: 1, routes: [{ name: "all" }] });
    expect(policy.mesh).toMatchObject({ istio: { major: 1, minor: 29 }, namespace: "default" });
    expect(policy.services[0]?.host).toBe("llm.default.svc.cluster.local");
  });

  it("gives every route the service's arms, and one with fewer the order among those", () => {
    const { config } = compiled(
      service(
        "    arms: { a: {}, b: { weight: 0 }, c: { default: true } }\n" +
          "    fallback: [c, b, a]\n" +
          "    routes: [{ name: all }, { name: two, arms: [a, b] }]",
      ),
    );
    expect(config.routes?.[0]).toEqual({
      name: "all",
      arms: [{ name: "a" }, { name: "b", weight: 0 }, { name: "c", default: true }],
      fallback: ["c", "b", "a"],
    });
    expect(config.routes?.[1]?.arms?.map((arm) => arm.name)).toEqual(["a", "b"]);
    expect(config.routes?.[1]?.fallback).toEqual(["b", "a"]);
  });

  it("gives a stranger the smallest listed rate, or what stands under *", () => {
    const limits = (rate: string) =>
      compiled(
        service(
          "    routes: [{ name: r, limits: [{ name: l, key: { header: x-tier }, burst: 5, " +
            `requests_per_second: ${rate} }] }]`,
        ),
      ).config.routes?.[0]?.limits?.[0];
    expect(limits("{ free: 10, paid: 90 }")).toEqual({
      name: "l",
      key_header: "x-tier",
      requests_per_second: 10,
      burst: 5,
      values: [
        { value: "free", requests_per_second: 10, burst: 5 },
        { value: "paid", requests_per_second: 90, burst: 5 },
      ],
    });
    expect(limits('{ free: 10, "*": 2 }')?.requests_per_second).toBe(2);
    expect(limits("7")).toMatchObject({ requests_per_second: 7, burst: 5 });
  });

  it("lets a route's mode and ejection win over the service's", () => {
    const { config } = compiled(
      service(
        "    mode: enforce\n    ejection: { error_permille: 100 }\n" +
          "    routes: [{ name: a }, { name: b, mode: shadow, ejection: { duration_ms: 500 } }]",
      ),
    );
    expect(config.routes).toEqual([
      { name: "a", mode: "enforce", ejection: { error_permille: 100 } },
      { name: "b", mode: "shadow", ejection: { duration_ms: 500 } },
    ]);
  });

  it("follows anchors and aliases", () => {
    const text =
      "version: 1\nservices:\n  llm:\n    ejection: &e { error_permille: 100 }\n" +
      "    routes: [{ name: a, ejection: *e }]";
    expect(compiled(text).config.routes?.[0]?.ejection).toEqual({ error_permille: 100 });
  });

  it("of the examples folder compiles", () => {
    const { policy, config } = compiled(example);
    expect(policy.services[0]?.arms.map((arm) => arm.name)).toHaveLength(3);
    expect(config.routes?.map((route) => route.name)).toEqual(["stream", "chat"]);
  });
});

describe("a policy with a mistake", () => {
  it("is refused with file, line, column and reason (golden file)", () => {
    const told = policyMistakes.map(({ name, text }) => `${name}\n${indented(refusal(text))}`);
    expectGolden("config/policy-mistakes.txt", `${told.join("\n\n")}\n`);
  });

  for (const { name, text } of policyMistakes) {
    it(`names a place: ${name}`, () => {
      expect(refusal(text)).toMatch(/^the policy is refused:\n {2}ganglion\.yaml(:\d+:\d+)?[: ]/);
    });
  }

  it("is told of all its mistakes at once, in the order of the file", () => {
    const lines = refusal(
      service("    port: 0\n    routes:\n      - { name: a, timeout_ms: -1, retries: some }"),
    ).split("\n");
    expect(lines.slice(1).map((line) => /yaml:(\d+):/.exec(line)?.[1])).toEqual(["4", "6", "6"]);
  });
});

function refusal(text: string): string {
  try {
    compiled(text);
  } catch (error) {
    expect((error as GanglionError).code).toBe("E_POLICY");
    expect((error as GanglionError).exitCode).toBe(65);
    return (error as Error).message;
  }
  throw new Error(`accepted: ${text}`);
}

function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}
