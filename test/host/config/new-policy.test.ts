// The first policy that `ganglion init` writes: it reads as it stands, and with any of its comments
// taken for what they offer.

import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { newPolicy } from "../../../host-tools/src/config/new-policy";
import { compilePolicy } from "../../../host-tools/src/config/policy-compile";
import { policyJsonSchema } from "../../../host-tools/src/config/policy-json-schema";

const text = newPolicy({ services: ["llm-service", "search"], namespace: "ai", istio: "1.31" });
const validate = new Ajv2020({ strict: false }).compile(policyJsonSchema());

/** Runs of commented lines that hold YAML, not sentences. */
function offers(): string[] {
  const body = text.slice(text.indexOf("version: 1"));
  return [...body.matchAll(/^ *# *(?:- \{|[a-z_]+:).*(?:\n *# {3,}.*)*/gm)].map(([offer]) => offer);
}

describe("a first policy", () => {
  it("reads, and is what its own schema wants", () => {
    const { policy, config } = compilePolicy(text, "ganglion.yaml");
    expect(policy.services.map(({ name }) => name)).toEqual(["llm-service", "search"]);
    expect(config.routes).toHaveLength(2);
    expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
  });

  it("offers things in comments", () => {
    expect(offers().length).toBeGreaterThanOrEqual(8);
  });

  it.each(offers())("reads with this taken up: %s", (offer) => {
    const taken = text.replace(offer, offer.replace(/^( *)# /gm, "$1"));
    expect(taken).not.toBe(text);
    expect(() => compilePolicy(taken, "ganglion.yaml")).not.toThrow();
  });
});
