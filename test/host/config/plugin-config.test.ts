// Canonical JSON and the members that a push changes.

import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canonicalJson,
  MODEL_BASE64_BYTES_MAX,
  type PluginConfig,
  withEpoch,
  withModel,
} from "../../../host-tools/src/config/plugin-config";
import { withDefaults } from "../../../host-tools/src/config/defaults";
import { configFaults, validConfig } from "../../../host-tools/src/config/validate";
import { randomConfig } from "../config-wasm/random-config";

const SEED = 7;

describe("canonical JSON", () => {
  it("reads back as the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { seed: SEED },
    );
  });

  it("does not depend on the order in which keys were written", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      }),
      { seed: SEED },
    );
  });

  it("is its own canonical form and has no white space between tokens", () => {
    fc.assert(
      fc.property(randomConfig, (config) => {
        const text = canonicalJson(config);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(text).not.toMatch(/\s/);
      }),
      { seed: SEED },
    );
  });

  it("leaves out undefined members and refuses NaN", () => {
    expect(canonicalJson({ b: undefined, a: [undefined, 1] })).toBe('{"a":[null,1]}');
    expect(() => canonicalJson({ a: NaN })).toThrow("NaN has no place in JSON");
  });
});

describe("a configuration with a model", () => {
  const config: PluginConfig = { version: 1, epoch: 3 };

  it("carries the artifact's bytes and their digest", () => {
    const artifact = Buffer.from("weights");
    const { model } = withModel(config, artifact);
    expect(Buffer.from(model?.base64 ?? "", "base64")).toEqual(artifact);
    expect(model?.sha256).toBe(createHash("sha256").update(artifact).digest("hex"));
    expect(configFaults(withModel(config, artifact))).toEqual([]);
  });

  it("takes 128 KiB of base64 and refuses one byte more", () => {
    const largest = new Uint8Array((MODEL_BASE64_BYTES_MAX / 4) * 3);
    expect(MODEL_BASE64_BYTES_MAX).toBe(128 * 1024);
    expect(configFaults(withModel(config, largest))).toEqual([]);
    expect(() => withModel(config, new Uint8Array(largest.length + 1))).toThrow(
      "pluginConfig carries 1 to 98304 bytes, 131072 in base64",
    );
    expect(() => withModel(config, new Uint8Array(0))).toThrow("the model has 0 bytes");
  });

  it("is refused when a bit of the model has changed", () => {
    const good = withModel(config, Buffer.from("weights"));
    const bad = {
      ...good,
      model: { ...good.model, base64: Buffer.from("weightz").toString("base64") },
    };
    expect(() => validConfig(bad)).toThrow(/model\.sha256: does not match model\.base64/);
  });

  it("takes whole epochs only", () => {
    expect(withEpoch(config, 9).epoch).toBe(9);
    for (const epoch of [-1, 1.5, NaN, 2 ** 53])
      expect(() => withEpoch(config, epoch)).toThrow("epoch");
  });
});

describe("defaults", () => {
  it("keep a valid configuration valid, and change nothing the second time", () => {
    fc.assert(
      fc.property(randomConfig, (config) => {
        const complete = withDefaults(config as PluginConfig);
        expect(configFaults(complete)).toEqual([]);
        expect(withDefaults(complete as unknown as PluginConfig)).toEqual(complete);
      }),
      { seed: SEED },
    );
  });

  it("are shadow mode, half-lives of 200 ms and 3.5 s, and 1 % exploration", () => {
    expect(withDefaults({ version: 1 })).toEqual({
      version: 1,
      epoch: 0,
      mode: "shadow",
      expose: "tagged",
      fast_half_life_ms: 200,
      slow_half_life_ms: 3500,
      quantile_half_life_ms: 30000,
      exploration_permille: 10,
      routes: [],
    });
  });
});
