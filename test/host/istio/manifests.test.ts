// What a policy renders to: golden files, Istio's own schemas, and the properties that make it
// work.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { compilePolicy } from "../../../host-tools/src/config/policy-compile";
import { canonicalJson } from "../../../host-tools/src/config/plugin-config";
import { standaloneEnvoy } from "../../../host-tools/src/envoy/standalone";
import { filterImage, filterKind } from "../../../host-tools/src/istio/filter-object";
import { manifests } from "../../../host-tools/src/manifests/manifests";
import { encodedMetric, statTags } from "../../../host-tools/src/istio/stat-tags";
import { yamlStream, yamlText } from "../../../host-tools/src/istio/yaml-text";
import { generatedFiles } from "../../../host-tools/src/reference/generated-files";
import { expectGolden } from "../../support/golden";
import { crdFaults } from "./crd-schema";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const example = read("wasmplugin/examples/llm-service/ganglion.yaml");
const image = filterImage(`oci://registry.example/ganglion/filter@sha256:${"1".repeat(64)}`);

function rendered(text: string, kind: "WasmPlugin" | "TrafficExtension") {
  const { policy, config } = compilePolicy(text, "ganglion.yaml");
  return manifests(policy, config, { kind, image }).map(({ object }) => object);
}

const severalServices = `
version: 1
mesh: { istio: "1.30", namespace: ai, gateways: [mesh, istio-system/public] }
services:
  llm:
    arms: { big: {}, small: { weight: 50, labels: { size: small } } }
    routes:
      - { name: chat, match: { path_exact: /chat, authority: llm:8080 }, retries: none }
      - { name: rest, match: { authority: llm:8080 }, arms: [small] }
  search:
    host: search.example.com
    routes: [{ name: search, match: { authority: search.example.com }, timeout_ms: 900 }]
  vectors:
    routes: [{ name: vectors, match: { authority: vectors } }]
`;

describe("rendered objects", () => {
  for (const kind of ["WasmPlugin", "TrafficExtension"] as const) {
    it(`of the example are those in the golden file: ${kind}`, () => {
      const text = yamlStream(rendered(example, kind).map(yamlText));
      expectGolden(`manifests/llm-service.${kind.toLowerCase()}.yaml`, text);
    });

    it(`satisfy Istio's schemas: ${kind}`, () => {
      for (const text of [example, severalServices]) {
        for (const object of rendered(text, kind)) expect(crdFaults(object)).toEqual([]);
      }
    });
  }

  it("of several services are those in the golden file", () => {
    const text = yamlStream(rendered(severalServices, "TrafficExtension").map(yamlText));
    expectGolden("manifests/several-services.trafficextension.yaml", text);
  });

  it("leave a service alone that has neither arms nor timeouts", () => {
    const names = rendered(severalServices, "WasmPlugin").map(
      ({ kind, metadata }) => `${kind}/${metadata.name}`,
    );
    expect(names).toEqual([
      "DestinationRule/llm",
      "VirtualService/llm",
      "VirtualService/search",
      "WasmPlugin/ganglion",
    ]);
  });

  it("are the same bytes every time", () => {
    const once = () => yamlStream(rendered(example, "WasmPlugin").map(yamlText));
    expect(once()).toBe(once());
  });

  it("read back as what was meant, also where YAML 1.1 sees booleans and dates", () => {
    const tricky = {
      a: "on",
      b: "yes",
      c: "2026-01-01",
      d: "12:30:45",
      e: "1_000",
      f: "0".repeat(64),
    };
    expect(parse(yamlText(tricky), { version: "1.1" })).toEqual(tricky);
    // Go's reader takes underscores out before it looks for a number.
    expect(yamlText({ g: "-__1_1_", h: "_0x1f", i: "a_1" })).toBe(
      'g: "-__1_1_"\nh: "_0x1f"\ni: a_1\n',
    );
    const [object] = rendered(example, "WasmPlugin");
    expect(parseAllDocuments(yamlText(object))[0]?.toJSON()).toEqual(object);
  });

  it("send a request without the header where they send the default arm", () => {
    const service = rendered(example, "WasmPlugin").find(({ kind }) => kind === "VirtualService");
    const rules = service?.spec["http"] as { name: string; match?: { headers?: object }[] }[];
    expect(rules.map(({ name }) => name)).toEqual([
      "stream-gpt-4o-mini",
      "stream-standby",
      "stream",
      "chat-gpt-4o-mini",
      "chat-standby",
      "chat",
      "rest",
    ]);
    const plain = rules.filter(({ match }) => match?.[0]?.headers === undefined);
    expect(plain.map(({ name }) => name)).toEqual(["stream", "chat", "rest"]);
  });

  it("choose their kind by Istio's version, and refuse what a version does not know", () => {
    expect(filterKind("auto", { major: 1, minor: 29 })).toBe("WasmPlugin");
    expect(filterKind("auto", { major: 1, minor: 30 })).toBe("TrafficExtension");
    expect(filterKind("wasmplugin", { major: 1, minor: 31 })).toBe("WasmPlugin");
    expect(() => filterKind("trafficextension", { major: 1, minor: 29 })).toThrow("came with 1.30");
  });

  it("pin the image where a digest is given", () => {
    expect(image.sha256).toBe("1".repeat(64));
    expect(filterImage("ghcr.io/a/b:1.0")).toEqual({
      url: "oci://ghcr.io/a/b:1.0",
      sha256: undefined,
    });
    for (const bad of ["", "filter", "https://x/y", "oci://x/y@sha256:12", "x/Y:z"]) {
      expect(() => filterImage(bad), bad).toThrow("is no image reference");
    }
  });
});

describe("the schemas used here", () => {
  it("do find a wrong field", () => {
    const [rule] = rendered(example, "WasmPlugin");
    const wrong = { ...rule!, spec: { ...rule!.spec, subset: [] } };
    expect(crdFaults(wrong).join()).toContain("must NOT have additional properties");
  });
});

describe("the standalone Envoy", () => {
  const { policy, config } = compilePolicy(example, "ganglion.yaml");

  it("is the one in the golden file", () => {
    const text = yamlText(standaloneEnvoy(policy, config, "/etc/ganglion/ganglion.wasm"));
    expectGolden("manifests/llm-service.envoy.yaml", text);
  });

  it("hands the filter the canonical configuration", () => {
    const text = JSON.stringify(standaloneEnvoy(policy, config, "x.wasm"));
    expect(text).toContain(JSON.stringify(canonicalJson(config)));
  });

  it("is refused for an arm without address", () => {
    const { policy: other, config: its } = compilePolicy(severalServices, "ganglion.yaml");
    expect(() => standaloneEnvoy(other, its, "x.wasm")).toThrow("arms without address: big, small");
  });
});

describe("tag expressions", () => {
  it("take every label out of a name and leave the name", () => {
    const labels = { route: "chat.v1", arm: "gpt-4o", worker: "0" };
    let name = encodedMetric("ganglion_arm_in_flight", labels);
    const found: Record<string, string> = {};
    for (const { tagName, regex } of statTags()) {
      const match = new RegExp(regex).exec(name);
      if (match === null) continue;
      found[tagName] = match[2] ?? "";
      name = name.replace(match[1] ?? "", "");
    }
    expect(found).toEqual(labels);
    expect(name).toBe("ganglion_arm_in_flight");
  });
});

describe("generated files", () => {
  for (const [path, text] of generatedFiles(read)) {
    it(`are current: ${path} (npm run gen)`, () => {
      expect(read(path)).toBe(text);
    });
  }
});
