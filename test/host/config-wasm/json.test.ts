// The pull reader against JSON.parse: what one accepts the other accepts, and they see the same.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigProblem, JSON_DEPTH_MAX } from "../../../host-tools/src/contract";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { configLab } from "./config-lab";

const lab = configLab();
const SCRATCH_BYTES = 4096;
const SEED = 20262;

/** The value that the reader saw, or the ConfigProblem for which it stopped. */
function read(json: string | Uint8Array): { value: unknown } | { problem: number } {
  const bytes = typeof json === "string" ? Buffer.from(json) : json;
  const scratch = lab.free;
  const events = scratch + SCRATCH_BYTES;
  const at = lab.place(bytes);
  const length = lab.exports.walk(at, bytes.length, scratch, SCRATCH_BYTES, events);
  if (length < 0) return { problem: -1 - length };
  return { value: replay(Buffer.from(lab.memory().subarray(events, events + length))) };
}

/** Builds the value from the events. */
function replay(events: Buffer): unknown {
  let at = 0;
  const text = (): string => {
    const length = events.readUInt32LE(at);
    at += 4 + length;
    return events.toString("utf8", at - length, at);
  };
  const value = (): unknown => {
    const kind = events[at++];
    if (kind === 1) {
      const entries: [string, unknown][] = [];
      while (events[at++] === 8) entries.push([text(), value()]);
      return Object.fromEntries(entries);
    }
    if (kind === 2) {
      const items: unknown[] = [];
      while (events[at] !== 9) items.push(value());
      at++;
      return items;
    }
    if (kind === 3) return text();
    if (kind === 4) return events.readDoubleLE((at += 8) - 8);
    return kind === 5 ? true : kind === 6 ? false : null;
  };
  return value();
}

/** Distance in representable doubles. */
function ulps(a: number, b: number): number {
  const order = (x: number): bigint => {
    const bits = new BigInt64Array(Float64Array.of(x).buffer)[0] as bigint;
    return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits;
  };
  const distance = order(a) - order(b);
  return Number(distance < 0n ? -distance : distance);
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function tryParse(json: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(json) as unknown };
  } catch {
    return undefined;
  }
}

const exact = fc.oneof(fc.maxSafeInteger(), fc.boolean(), fc.constant(null), fc.string());
const tree = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    exact,
    fc.array(tie("node"), { maxLength: 5 }),
    fc.dictionary(fc.string({ unit: "binary" }), tie("node"), { maxKeys: 5 }),
  ),
})).node;

describe("agreement with JSON.parse", () => {
  it("on values of every kind, indented or not", () => {
    fc.assert(
      fc.property(tree, fc.constantFrom(0, 1, "\t", "\r\n "), (value, indent) => {
        fc.pre(depthOf(value) <= JSON_DEPTH_MAX);
        const json = JSON.stringify(value, null, indent);
        expect(read(json)).toEqual({ value: JSON.parse(json) as unknown });
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  it("on texts with every unit escaped", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const units = [...Array(text.length).keys()].map((i) => {
          return `\\u${text.charCodeAt(i).toString(16).padStart(4, "0")}`;
        });
        expect(read(`"${units.join("")}"`)).toEqual({ value: text });
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  it("on the short escapes", () => {
    const json = '"\\"\\\\\\/\\b\\f\\n\\r\\t plain \\u00e9\\uD83D\\uDE00"';
    expect(read(json)).toEqual({ value: JSON.parse(json) as unknown });
  });

  it("on what is JSON and what is not, over strings of JSON's own letters", () => {
    const prng = seededPrng(SEED);
    const letters = '{}[]:,"\\u12e+-.0 tn\n';
    const words = ["true", "false", "null", '"a"', "1.5e3", "{}", "[]", '"a":', ","];
    let valid = 0;
    for (let i = 0; i < 100_000; i++) {
      let json = "";
      for (let n = 1 + prng.below(7); n > 0; n--) {
        const word = prng.below(2) === 0;
        json += word ? words[prng.below(words.length)] : letters[prng.below(letters.length)];
      }
      const want = tryParse(json);
      if (want !== undefined) valid++;
      // JSON.parse drops the first of two equal keys; toEqual does the same through fromEntries.
      const got = read(json);
      if ("value" in got !== (want !== undefined)) expect({ json, got }).toEqual({ json, want });
      if (want !== undefined) expect(got).toEqual(want);
    }
    expect(valid).toBeGreaterThan(5000);
  });
});

describe("numbers", () => {
  it("integers up to 2^53 are exact in every spelling", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.nat(15), (value, shift) => {
        const digits = String(value);
        const spelled = [digits, `${digits}.0`, `${digits}e0`, `${digits}0e-1`];
        spelled.push(`${digits}${"0".repeat(shift)}E-${shift}`);
        for (const json of spelled)
          expect(read(json)).toEqual({ value: JSON.parse(json) as unknown });
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it("any other number is within 1 ulp, nearly always exact", () => {
    const prng = seededPrng(SEED);
    let off = 0;
    for (let i = 0; i < 50_000; i++) {
      const digits = String(1 + prng.below(9)) + String(prng.u32()) + String(prng.u32());
      const cut = 1 + prng.below(digits.length);
      const json = `${digits.slice(0, cut)}.${digits.slice(cut)}0e${prng.below(660) - 345}`;
      const got = read(json) as { value: number };
      const distance = ulps(got.value, JSON.parse(json) as number);
      if (distance > 1) expect({ json, got }).toBe("within 1 ulp");
      if (distance > 0) off++;
    }
    // Only ties within 2^-58 may go the other way.
    expect(off).toBeLessThan(500);
  });

  it("keeps doubles that are printed shortest", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const got = read(JSON.stringify(value)) as { value: number };
        return ulps(got.value, value) <= 1;
      }),
      { seed: SEED, numRuns: 20_000 },
    );
  });

  it("what is beyond the doubles becomes infinite, what is below them zero", () => {
    expect(read("1e400")).toEqual({ value: Infinity });
    expect(read("-1e309")).toEqual({ value: -Infinity });
    expect(read("1e-400")).toEqual({ value: 0 });
    expect(read(`1e${"9".repeat(4000)}`)).toEqual({ value: Infinity });
    expect(read(`0.${"0".repeat(4000)}1e4001`)).toEqual({ value: 1 });
    expect(read("5e-324")).toEqual({ value: 5e-324 });
    expect(read("1.7976931348623157e308")).toEqual({ value: Number.MAX_VALUE });
  });
});

describe("bounds", () => {
  it("follows nesting as deep as the limit and no deeper", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    expect(read(nested(JSON_DEPTH_MAX))).toHaveProperty("value");
    expect(read(nested(JSON_DEPTH_MAX + 1))).toEqual({ problem: ConfigProblem.TooDeep });
    expect(read("[".repeat(300_000))).toEqual({ problem: ConfigProblem.TooDeep });
  });

  it("decodes escapes up to the scratch's size and no further", () => {
    const of = (length: number): string => `"\\n${"x".repeat(length - 1)}"`;
    expect(read(of(SCRATCH_BYTES))).toHaveProperty("value");
    expect(read(of(SCRATCH_BYTES + 1))).toEqual({ problem: ConfigProblem.EscapedTextTooLong });
    const late = `"${"x".repeat(SCRATCH_BYTES + 1)}\\n"`;
    expect(read(late)).toEqual({ problem: ConfigProblem.EscapedTextTooLong });
  });

  it("writes nothing beyond the scratch", () => {
    const { exports, scratch, scratchBytes, free } = lab;
    for (const plain of [
      0,
      1,
      scratchBytes - 1,
      scratchBytes,
      scratchBytes + 1,
      4 * scratchBytes,
    ]) {
      const bytes = Buffer.from(`"${"x".repeat(plain)}\\ud83d\\ude00${"y".repeat(plain)}\\n"`);
      exports.walk(lab.place(bytes), bytes.length, scratch, scratchBytes, free);
      expect(lab.isIntact(bytes)).toBe(true);
    }
  });

  it("refuses half a surrogate pair, which no text in UTF-8 can hold", () => {
    for (const json of ['"\\ud800"', '"\\udc00"', '"\\ud800\\u0041"', '"\\ud800x"', '"\\ud800\\']) {
      expect(read(json)).toHaveProperty("problem");
    }
  });
});
