// Tags of spans: what each source becomes in Istio's Telemetry, and what a policy may not ask for.

import { describe, expect, it } from "vitest";
import { compilePolicy } from "../../../host-tools/src/config/policy-compile";
import { policyForIstio } from "../../../host-tools/src/config/istio-needs";
import { yamlText } from "../../../host-tools/src/istio/yaml-text";
import { expectGolden } from "../../support/golden";
import { crdFaults } from "../istio/crd-schema";
import { operationsObjects } from "./operations-policy";

const policyOf = (tracing: string, root = ""): string =>
  `version: 1\n${root}mesh: { istio: "1.31", namespace: ai, tracing: { provider: otel, ${tracing} } }\n` +
  "services: { llm: { routes: [{ name: chat }] } }\n";

const TAGS = `\
url_query: false, tags: {
  model.name: { from: arm, default: default }, ganglion.score: { from: score, default: none },
  ganglion.reason: { from: reason }, ganglion.model: { from: model_version },
  ganglion.verdict: { from: verdict }, ganglion.route: { from: route },
  ganglion.attempts: { from: attempts }, request.bytes: { from: request_bytes },
  response.bytes: { from: response_bytes }, first_byte.ms: { from: first_byte_ms },
  user.tier: { header: x-user-tier, default: none }, session.id: { header: x-session-id },
  deployment: production }`;

const telemetryOf = (text: string) => {
  const found = operationsObjects(text).find(({ kind }) => kind === "Telemetry");
  if (found === undefined) throw new Error("no Telemetry");
  return found;
};

describe("tags of spans", () => {
  it("are headers that the filter writes, and format strings of its proxy", () => {
    const telemetry = telemetryOf(policyOf(TAGS));
    expect(crdFaults(telemetry)).toEqual([]);
    expectGolden("manifests/operations/telemetry-tags.yaml", yamlText(telemetry));
  });

  it.each(["verdict", "route", "attempts", "request_bytes", "response_bytes", "first_byte_ms"])(
    "from %s need Istio 1.29, where Telemetry takes format strings",
    (word) => {
      const text = policyOf(`tags: { one: { from: ${word} } }`);
      const { policy } = compilePolicy(text, "ganglion.yaml");
      expect(() => policyForIstio(policy, { major: 1, minor: 29 })).not.toThrow();
      expect(() => policyForIstio(policy, { major: 1, minor: 28 })).toThrow(
        "mesh.tracing.tags.one.from: needs Istio 1.29 or newer",
      );
    },
  );

  it.each(["arm", "score", "reason", "model_version"])("from %s are for every Istio", (word) => {
    const { policy } = compilePolicy(policyOf(`tags: { one: { from: ${word} } }`), "ganglion.yaml");
    expect(() => policyForIstio(policy, { major: 1, minor: 24 })).not.toThrow();
  });

  it("leave http.url to Envoy unless the policy says otherwise", () => {
    for (const more of ["", "url_query: true"]) {
      expect(yamlText(telemetryOf(policyOf(more)))).not.toContain("http.url");
    }
    expect(yamlText(telemetryOf(policyOf("url_query: false")))).toContain("%PATH(NQ:");
  });
});

describe("what a tag cannot be, and is refused", () => {
  it.each([
    ["from two places", "{ header: x-a, from: arm }", "must say one of header and from"],
    ["from nowhere", "{ default: none }", "must say one of header and from"],
    ["a default where none can be", "{ from: verdict, default: none }", "verdict has no default"],
    ["an unknown source", "{ from: prompt }", "must be one of arm"],
  ])("%s", (_, tag, message) => {
    expect(() => operationsObjects(policyOf(`tags: { one: ${tag} }`))).toThrow(message);
  });

  it("a second http.url", () => {
    const tags = "url_query: false, tags: { http.url: { from: route } }";
    expect(() => operationsObjects(policyOf(tags))).toThrow("writes the tag http.url itself");
  });

  it.each(["score", "reason", "model_version"])(
    "%s where the filter never writes that header",
    (word) => {
      const text = policyOf(`tags: { one: { from: ${word} } }`, "expose: never\n");
      expect(() => operationsObjects(text)).toThrow(`${word} is never written: expose is never`);
    },
  );
});
