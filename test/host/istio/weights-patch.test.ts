// New weights in a rendered file: what changes, what stays, and what is refused.

import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { patchWeights } from "../../../host-tools/src/istio/weights-patch";
import { yamlText } from "../../../host-tools/src/istio/yaml-text";
import { randomConfig } from "../config-wasm/random-config";

const artifact = Buffer.from("new weights");
const digest = createHash("sha256").update(artifact).digest("hex");

const file = `# Owned by the platform team.
apiVersion: v1
kind: ConfigMap   # not ours
metadata: { name:   odd,   labels: {a: "b"} }
data: {x: 'y'}
---
# The filter.
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata:
  name: ganglion
spec:
  pluginName: ganglion   # root id
  pluginConfig:
    version: 1
    epoch: 4   # raised by push
    routes: [{name: chat}]
    model:
      sha256: old
      base64: b2xk
`;

interface Options {
  readonly name?: string;
  readonly epoch?: number;
  readonly modelMode?: "enforce" | "shadow";
}

function patch(text: string, { name, epoch, modelMode }: Options = {}) {
  return patchWeights({ text, file: "mesh.yaml", artifact, name, epoch, modelMode });
}

describe("pushing weights into a file", () => {
  it("changes the digest, the bytes and the epoch, and no other byte", () => {
    const { text, before, after } = patch(file);
    const expected = file
      .replace("epoch: 4", "epoch: 5")
      .replace("sha256: old", `sha256: "${digest}"`)
      .replace("base64: b2xk", `base64: "${artifact.toString("base64")}"`);
    expect(text).toBe(expected);
    expect([before.epoch, after.epoch]).toEqual([4, 5]);
  });

  it("adds epoch and model where there are none, in block and in flow style", () => {
    const block = file.replace(/ {4}epoch.*\n/, "").replace(/ {4}model:\n.*\n.*\n/, "");
    const flow = block.replace(/pluginConfig:\n.*\n.*\n/, "pluginConfig: { version: 1 }\n");
    const empty = file
      .replace(/epoch: 4/, "epoch:")
      .replace(/ {4}model:\n.*\n.*\n/, "    model:\n");
    for (const text of [block, flow, empty]) {
      expect(text).not.toContain("epoch: 4");
      const result = patch(text);
      const config = parseAllDocuments(result.text)[1]?.toJSON().spec.pluginConfig;
      expect(config).toMatchObject({ version: 1, epoch: 1, model: { sha256: digest } });
      for (const line of text.split("\n")) {
        if (!/pluginConfig|epoch|model/.test(line)) expect(result.text).toContain(line);
      }
    }
  });

  it("puts the model into shadow and back, and leaves its mode alone where none is asked", () => {
    const shadowed = patch(file, { modelMode: "shadow" });
    expect(shadowed.text).toContain('    model:\n      mode: shadow\n      sha256: "');
    expect(shadowed.after.model?.mode).toBe("shadow");
    expect(patch(shadowed.text).after.model?.mode).toBe("shadow");
    expect(patch(shadowed.text, { modelMode: "enforce" }).text).toContain('mode: "enforce"');
    expect(patch(file, { modelMode: "enforce" }).text).not.toContain("mode:");
  });

  it("takes the place of what a formatter has folded over lines", () => {
    for (const style of ["|", ">-"]) {
      const { text } = patch(`${file.replace("b2xk", `${style}\n        b2\n        xk`)}\n---\n`);
      expect(text).toContain(`base64: "${artifact.toString("base64")}"\n\n---\n`);
    }
    const folded = file.replace(
      /sha256: old\n {6}base64: b2xk/,
      "base64: |\n        b2xk\n      sha256: old",
    );
    expect(patch(folded).after.model?.sha256).toBe(digest);
  });

  it("leaves no space at the end of a line", () => {
    const without = file.replace(/ {4}model:\n.*\n.*\n/, "");
    expect(patch(without, { modelMode: "shadow" }).text).not.toMatch(/ \n/);
  });

  it("takes a TrafficExtension and JSON too", () => {
    const object = {
      apiVersion: "extensions.istio.io/v1alpha1",
      kind: "TrafficExtension",
      metadata: { name: "g" },
      spec: { wasm: { pluginName: "ganglion", pluginConfig: { version: 1, epoch: 7 } } },
    };
    const { text, kind } = patch(JSON.stringify(object, null, 2));
    expect(kind).toBe("TrafficExtension");
    expect(JSON.parse(text).spec.wasm.pluginConfig).toMatchObject({
      epoch: 8,
      model: { sha256: digest },
    });
  });

  it("keeps every other member of any configuration", () => {
    fc.assert(
      fc.property(randomConfig, fc.boolean(), (config, asJson) => {
        if ((config.epoch ?? 0) >= Number.MAX_SAFE_INTEGER) return;
        const object = {
          kind: "WasmPlugin",
          metadata: { name: "g" },
          spec: { pluginName: "ganglion", pluginConfig: config },
        };
        const { text } = patch(asJson ? JSON.stringify(object) : yamlText(object));
        const result = parse(text, { version: "1.1" }).spec.pluginConfig;
        const others = { epoch: 0, model: 0 };
        expect({ ...result, ...others }).toEqual({ ...config, ...others });
        expect(result.epoch).toBe((config.epoch ?? 0) + 1);
        expect(result.model.base64).toBe(artifact.toString("base64"));
      }),
      { seed: 11, numRuns: 200 },
    );
  });

  it("is refused for an epoch that is not above the file's", () => {
    for (const epoch of [0, 3, 4]) {
      expect(() => patch(file, { epoch })).toThrow(
        `--epoch ${epoch} is not above the file's epoch 4`,
      );
    }
    expect(patch(file, { epoch: 5 }).after.epoch).toBe(5);
  });

  it("is refused for a file without our object, and for several without a name", () => {
    const foreign = file.replace("pluginName: ganglion", "pluginName: coraza");
    expect(() => patch(foreign)).toThrow("no object with pluginName ganglion");
    const other = file.split("---\n")[1]?.replace("name: ganglion\n", "name: other\n");
    const two = `${file}---\n${other}`;
    expect(() => patch(two)).toThrow("found: WasmPlugin/ganglion, WasmPlugin/other");
    expect(patch(two, { name: "other" }).name).toBe("other");
    expect(() => patch(two, { name: "third" })).toThrow("no object named third");
  });

  it("is refused for what is no YAML, and for a configuration that the filter would refuse", () => {
    expect(() => patch("kind: [")).toThrow("mesh.yaml: ");
    expect(() => patch(file.replace("name: chat", "name: 'a b'"))).toThrow(
      'routes[0].name = "a b": must be letters',
    );
  });
});
