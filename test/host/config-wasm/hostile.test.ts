// Seeded mutations of valid configurations, and random bytes: never a trap, never a byte written
// outside the regions, never a byte read beyond the JSON (which ends the memory), and a refusal
// always says why. What is still accepted must be JSON and must lie within the block's bounds.

import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededPrng, type Prng } from "../../../host-tools/src/lib/prng";
import { configLab } from "./config-lab";
import { expectedSettings } from "./expected-settings";
import { randomConfig, type RootConfig } from "./random-config";
import { readSettings } from "./settings-reader";

const lab = configLab();
const SEED = 20266;
const LINE = /^[ -~]{4,300}$/;

const bytes = Buffer.from("not a model, but bytes");
const MODEL = {
  sha256: createHash("sha256").update(bytes).digest("hex"),
  base64: bytes.toString("base64"),
};
const SAMPLES = fc.sample(randomConfig, { seed: SEED, numRuns: 60 }).map((config) => {
  return Buffer.from(JSON.stringify({ ...config, model: MODEL }));
});
const SNIPPETS = [
  "1e999999999",
  "-1e-999999999",
  "99999999999999999999999999999",
  '"\\ud83d\\ude00"',
  '"\\ud800"',
  "[".repeat(40),
  "{".repeat(40),
  '{"version":1}',
  "null",
  '"\u0000"',
  ',"routes":[]',
  '"base64":"',
  "\\",
  '"',
].map((text) => Buffer.from(text));

/** One to four edits: overwrite, cut, insert, repeat or swap bytes. */
function mutate(source: Buffer, prng: Prng): Buffer {
  let out = Buffer.from(source);
  for (let edits = 1 + prng.below(4); edits > 0; edits--) {
    const at = prng.below(out.length + 1);
    const length = prng.below(8);
    switch (prng.below(6)) {
      case 0:
        if (at < out.length) out[at] = prng.below(256);
        break;
      case 1:
        out = out.subarray(0, at);
        break;
      case 2:
        out = Buffer.concat([out.subarray(0, at), out.subarray(at + length)]);
        break;
      case 3: {
        const snippet = SNIPPETS[prng.below(SNIPPETS.length)] as Buffer;
        out = Buffer.concat([out.subarray(0, at), snippet, out.subarray(at)]);
        break;
      }
      case 4:
        out = Buffer.concat([out.subarray(0, at), out.subarray(Math.max(0, at - 60))]);
        break;
      default:
        if (at + 1 < out.length) {
          const byte = out[at] as number;
          out[at] = out[at + 1] as number;
          out[at + 1] = byte;
        }
    }
  }
  return Buffer.from(out);
}

function isJson(source: Buffer): boolean {
  try {
    JSON.parse(source.toString());
    return true;
  } catch {
    return false;
  }
}

/** Parses, checks what must hold for any bytes, and answers whether they were accepted. */
function survives(source: Buffer, look: boolean): boolean {
  const { accepted, line } = lab.parse(source);
  if (accepted !== (line === "")) throw new Error(`no reason: ${source.toString("latin1")}`);
  if (!accepted && !LINE.test(line)) throw new Error(`bad line: ${line}`);
  if (accepted) {
    if (!isJson(source)) throw new Error(`not JSON: ${source.toString("latin1")}`);
    readSettings(lab);
  }
  if (look && !lab.isIntact(source)) throw new Error(`wrote outside: ${source.toString("latin1")}`);
  return accepted;
}

describe("hostile configurations", () => {
  it("30,000 mutations of valid ones", () => {
    const prng = seededPrng(SEED).fork("mutations");
    let accepted = 0;
    for (let i = 0; i < 30_000; i++) {
      const sample = SAMPLES[prng.below(SAMPLES.length)] as Buffer;
      if (survives(mutate(sample, prng), i % 20 === 0)) accepted++;
    }
    expect(lab.isIntact(Buffer.alloc(0))).toBe(true);
    // Edits of a text or a digit may still be valid; if none were, the mutations would be too
    // crude.
    expect(accepted).toBeGreaterThan(100);
    expect(accepted).toBeLessThan(15_000);
  });

  it("every prefix of a valid one", () => {
    const sample = SAMPLES.reduce((a, b) => (a.length < b.length && a.length > 500 ? a : b));
    const stop = Math.min(sample.length, 4000);
    for (let end = 0; end < stop; end++) {
      expect(survives(sample.subarray(0, end), end % 50 === 0)).toBe(false);
    }
  });

  it("20,000 strings of random bytes, some behind a valid beginning", () => {
    const prng = seededPrng(SEED).fork("bytes");
    const begin = Buffer.from('{"version":1,"routes":[{"name":"');
    for (let i = 0; i < 20_000; i++) {
      const noise = Buffer.from(Array.from({ length: prng.below(200) }, () => prng.below(256)));
      const source = i % 2 === 0 ? noise : Buffer.concat([begin, noise]);
      expect(survives(source, i % 20 === 0)).toBe(false);
    }
  });

  it("every length that no configuration has", () => {
    const { exports, settings, artifact } = lab;
    const at = lab.place(Buffer.from('{"version":1}'));
    const report = lab.free + 64;
    for (const length of [0, -1, -(2 ** 31), 2 ** 31 - 1, 327_681]) {
      expect(exports.parse(at, length, settings, artifact, report)).toBe(0);
    }
  });

  it("large ones that are wrong only at their end", () => {
    for (const [open, item, close] of [
      ['{"version":1,"routes":[', '{"name":"r"},', "]}"],
      ['{"version":1', " \n\t", "]"],
      ['{"version":1,"model":{"base64":"', "AAAA", '*"}}'],
      ['{"version":1,"epoch":', "0", "}"],
      ['{"version":1,"epoch":1', "0", "}"],
      ['{"version":1,"epoch":0.', "3", "}"],
      ['{"version":1,"mode":"', "\\u0041", '"}'],
      ["", "[", ""],
      ["", '{"a":', ""],
    ] as const) {
      const count = Math.floor((327_680 - open.length - close.length) / item.length);
      const source = Buffer.from(open + item.repeat(count) + close);
      expect(survives(source, true)).toBe(false);
    }
  });

  it("and afterwards a valid one is read as if nothing had been", () => {
    for (const sample of SAMPLES) {
      const config = JSON.parse(sample.toString()) as RootConfig;
      expect(lab.parse(sample)).toEqual({ accepted: true, line: "" });
      expect(readSettings(lab)).toMatchObject(expectedSettings(config));
    }
  });
});
