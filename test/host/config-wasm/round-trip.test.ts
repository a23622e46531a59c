// Every number and every text of a random valid configuration arrives in the settings block.

import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ARTIFACT_BYTES_MAX,
  CONFIG_BYTES_MAX,
  NAME_LENGTH_MAX,
  ROUTES_MAX,
  TEXT_BYTES_MAX,
} from "../../../host-tools/src/contract";
import { configLab } from "./config-lab";
import { expectedSettings } from "./expected-settings";
import { asIstioWrites, randomConfig } from "./random-config";
import { readSettings } from "./settings-reader";

const lab = configLab();
const ACCEPTED = { accepted: true, line: "" };

describe("a valid configuration", () => {
  it("arrives completely, however its keys are ordered", () => {
    fc.assert(
      fc.property(randomConfig, (config) => {
        expect(lab.parse(asIstioWrites(config))).toEqual(ACCEPTED);
        expect(readSettings(lab)).toMatchObject(expectedSettings(config));
      }),
      { seed: 20263, numRuns: 1500 },
    );
  });

  it("means the same indented, and with every key and text escaped", () => {
    fc.assert(
      fc.property(randomConfig, (config) => {
        lab.parse(JSON.stringify(config));
        const block = Buffer.from(
          lab.memory().subarray(lab.settings, lab.settings + lab.exports.settingsBytes()),
        );
        for (const json of [JSON.stringify(config, null, "\t"), escapeTexts(config)]) {
          expect(lab.parse(json)).toEqual(ACCEPTED);
          const again = lab.memory().subarray(lab.settings, lab.settings + block.length);
          expect(again.equals(block)).toBe(true);
        }
      }),
      { seed: 20264, numRuns: 200 },
    );
  });

  it("brings the artifact's bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 2000 }), (bytes) => {
        const sha256 = createHash("sha256").update(bytes).digest("hex");
        const base64 = Buffer.from(bytes).toString("base64");
        const config = { version: 1, model: { sha256, base64 } };
        expect(lab.parse(JSON.stringify(config))).toEqual(ACCEPTED);
        const artifact = lab.memory().subarray(lab.artifact, lab.artifact + bytes.length);
        expect(artifact.equals(bytes)).toBe(true);
      }),
      { seed: 20265, numRuns: 200 },
    );
  });

  it("may be nothing but a version", () => {
    const config = { version: 1 };
    expect(lab.parse('{"version":1}')).toEqual(ACCEPTED);
    expect(readSettings(lab)).toMatchObject(expectedSettings(config));
    expect(lab.parse(' {"version" : 1e+00 }\r\n')).toEqual(ACCEPTED);
  });

  it("takes integers in exponent form and rates in any", () => {
    const limit = '{"name":"l","requests_per_second":2.5e-1,"burst":1e+06}';
    const json = `{"version":1.0,"routes":[{"name":"r","limits":[${limit}]}]}`;
    expect(lab.parse(json)).toEqual(ACCEPTED);
    const fields = readSettings(lab).routes[0]?.limits[0]?.fields;
    expect(fields).toMatchObject({ intervalNs: 4_000_000_000n, leaseTokens: 1 });
    expect(fields).toMatchObject({ capacityNs: 4_000_000_000_000_000n });
  });

  it("may use the last byte for its texts, but not one more", () => {
    const used = (config: object): number => {
      expect(lab.parse(JSON.stringify(config))).toEqual(ACCEPTED);
      return Number(readSettings(lab).root["textBytes"]);
    };
    const routes = Array.from({ length: ROUTES_MAX }, (_, i) => ({
      name: `route-${i}`,
      match: { authority: "a".repeat(250), path_prefix: `/${"p".repeat(240)}` },
      arms: [] as { name: string }[],
    }));
    const free = TEXT_BYTES_MAX - used({ version: 1, routes });
    expect(free).toBeGreaterThan(20);
    for (let left = free, i = 0; left > 0; i++) {
      const name = `a${i}`.padEnd(left > NAME_LENGTH_MAX ? 40 : left, "x");
      routes[i % ROUTES_MAX]?.arms.push({ name });
      left -= name.length;
    }
    expect(used({ version: 1, routes })).toBe(TEXT_BYTES_MAX);
    expect(lab.isIntact(Buffer.alloc(0))).toBe(true);
    const last = routes[ROUTES_MAX - 1] as { name: string };
    last.name += "x";
    expect(lab.parse(JSON.stringify({ version: 1, routes })).line).toContain("longer than 32768");
    expect(lab.isIntact(Buffer.alloc(0))).toBe(true);
  });

  it("may fill every bound at once", () => {
    const bytes = Buffer.alloc(ARTIFACT_BYTES_MAX, 0xfb);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const path = (i: number): string => `/${String(i).padStart(255, "p")}`;
    const routes = Array.from({ length: ROUTES_MAX }, (_, i) => ({
      name: `r${i}`,
      match: { path_exact: path(i), authority: "a".repeat(230) },
      arms: Array.from({ length: 4 }, (_, k) => ({ name: `arm${k}` })),
    }));
    const config = { version: 1, routes, model: { sha256, base64: bytes.toString("base64") } };
    const json = JSON.stringify(config).padEnd(CONFIG_BYTES_MAX, " ");
    expect(lab.parse(json)).toEqual(ACCEPTED);
    const { root } = readSettings(lab);
    expect(root["textBytes"]).toBeGreaterThan(0.95 * TEXT_BYTES_MAX);
    expect(readSettings(lab)).toMatchObject(expectedSettings(config));
    expect(lab.isIntact(Buffer.from(json))).toBe(true);
  });
});

/** JSON with every letter of every key and text but base64 as `\u` escape. */
function escapeTexts(config: object): string {
  const escape = (text: string): string => {
    return [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
  };
  return JSON.stringify(config).replace(
    /("base64":)?"((?:[^"\\]|\\.)*)"/g,
    (whole, model, text) => {
      return model ? (whole as string) : `"${escape(JSON.parse(`"${String(text)}"`) as string)}"`;
    },
  );
}
