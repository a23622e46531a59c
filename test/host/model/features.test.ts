// Training must see what serving sees: the host's feature extraction and quantisation against the
// filter's own code, bit for bit.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from "node:fs";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { FEATURES } from "../../../host-tools/src/contract";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import {
  DEFAULT_HALF_LIVES,
  extractFeatures,
} from "../../../host-tools/src/model/feature-extractor";
import { exp2Negative, log2 } from "../../../host-tools/src/model/feature-math";
import type { ModelLab } from "../../../host-tools/src/model/model-lab";
import { pathHash } from "../../../host-tools/src/model/path-hash";
import { quantiseFeature } from "../../../host-tools/src/model/reference";
import { drawProfile } from "../../../host-tools/src/training/route-profile";
import { generateRoute } from "../../../host-tools/src/training/synthetic-traffic";
import type { TrafficRequest } from "../../../host-tools/src/model/traffic";
import { startLab } from "./start-lab";

interface FeaturesLab {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  forget(): void;
  arrive(...request: number[]): void;
  respond(nowMs: number, ttfbMs: number, status: number, fastMs: number, slowMs: number): void;
  finish(...end: number[]): void;
  pathArea(): number;
  hash(bytes: number): number;
  vector(): number;
  exp2Negative(x: number): number;
  log2(x: number): number;
}

const ROOT = resolve(".");
const CACHE = join(ROOT, ".cache/features-lab");
const SOURCES = ["assembly/features", "assembly/state", "assembly/contract"];
const ARGS =
  "assembly/features-lab.ts --config none --runtime stub --enable simd -O3 " +
  "--exportStart _initialize --use abort=";

/** Compiles the filter's extraction once per state of its sources. */
function startFeaturesLab(): FeaturesLab {
  const hash = createHash("sha256").update(ARGS);
  const files = SOURCES.flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((file) => join(folder, file)),
  );
  for (const file of [...files, "assembly/features-lab.ts"].sort()) {
    hash.update(file).update(readFileSync(join(ROOT, file)));
  }
  const out = join(CACHE, `${hash.digest("hex").slice(0, 16)}.wasm`);
  if (!existsSync(out)) {
    mkdirSync(CACHE, { recursive: true });
    const partial = `${out}.${process.pid}`;
    const asc = join(ROOT, "node_modules/assemblyscript/bin/asc.js");
    const args = [asc, ...ARGS.split(" "), "-o", partial];
    execFileSync(process.execPath, args, { cwd: ROOT, stdio: "pipe" });
    renameSync(partial, out);
  }
  const module = new WebAssembly.Module(readFileSync(out));
  const lab = new WebAssembly.Instance(module, {}).exports as unknown as FeaturesLab;
  lab._initialize();
  return lab;
}

let features: FeaturesLab;
let model: ModelLab;
beforeAll(() => {
  features = startFeaturesLab();
  model = startLab();
});

function hashInWasm(path: Uint8Array): number {
  new Uint8Array(features.memory.buffer).set(path, features.pathArea());
  return features.hash(path.length) >>> 0;
}

/** The filter's vectors for one route's requests, whose arrivals are in order. */
function extractInWasm(requests: readonly TrafficRequest[]): Float32Array {
  const { fastMs, slowMs } = DEFAULT_HALF_LIVES;
  const events = requests.flatMap((request, index) => {
    const arrival = { atMs: request.arrivalMs, order: 3 * index, what: "arrival", request, index };
    const response = { ...arrival, atMs: request.arrivalMs + request.ttfbMs, what: "response" };
    const end = { ...arrival, atMs: request.arrivalMs + request.latencyMs, what: "end" };
    if (request.limited) return [arrival];
    const answered = request.status !== 0 ? [{ ...response, order: 3 * index + 1 }] : [];
    return [arrival, ...answered, { ...end, order: 3 * index + 2 }];
  });
  events.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
  const vectors = new Float32Array(requests.length * FEATURES);
  features.forget();
  for (const { atMs, what, request: r, index } of events) {
    if (what === "response") features.respond(atMs, r.ttfbMs, r.status, fastMs, slowMs);
    else if (what === "end") {
      features.finish(atMs, r.ttfbMs, r.latencyMs, r.status, fastMs, slowMs);
    } else {
      const sizes = [r.contentBytes, r.headerBytes, r.headerCount, r.pathBytes, r.queryBytes];
      const path = hashInWasm(new TextEncoder().encode(r.path));
      features.arrive(atMs, ...sizes, r.unsafeMethod, r.limited ? 1 : 0, r.attempt ?? 1, path);
      const vector = new Float32Array(features.memory.buffer, features.vector(), FEATURES);
      vectors.set(vector, index * FEATURES);
    }
  }
  return vectors;
}

describe("feature extraction on the host", () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7])("equals the filter's on traffic of kind %i", (kind) => {
    const random = seededPrng(40 + kind);
    const profile = { ...drawProfile(random, kind), errorShare: 0.05, limitedShare: 0.05 };
    const requests = generateRoute(profile, 1500, random).map((request, i) => {
      // Some clients leave before an answer; some are refused; some try again.
      const status = i % 37 === 5 ? 0 : i % 29 === 3 ? 401 : request.status;
      return { ...request, status, attempt: i % 11 === 2 ? 2 : 1, path: `/v1/${i % 90}` };
    });
    const [sequence] = extractFeatures(requests);
    const expected = extractInWasm(requests);
    for (let i = 0; i < expected.length; i++) {
      if (!Object.is(sequence!.vectors[i], expected[i])) {
        const place = `request ${Math.floor(i / FEATURES)}, feature ${i % FEATURES}`;
        expect.fail(`${place}: ${sequence!.vectors[i]} but the filter has ${expected[i]}`);
      }
    }
  });

  it("has the filter's hash of a path", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (path) => {
        expect(pathHash(path)).toBe(hashInWasm(path));
      }),
      { seed: 23, numRuns: 3000 },
    );
  });

  it("has the filter's exp2 and log2", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (x) => {
        expect(log2(x)).toBe(features.log2(x));
        expect(exp2Negative(Math.abs(x))).toBe(features.exp2Negative(Math.abs(x)));
      }),
      { seed: 21, numRuns: 20_000 },
    );
  });
});

describe("quantisation of features", () => {
  const anyFloat = fc.oneof(
    fc.float(),
    fc.float({ min: -200, max: 200, noNaN: true }),
    fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, 3.4028234663852886e38, 1e-45),
  );

  it("equals the filter's, whatever the value", () => {
    const scale = fc.float({ min: 1, max: 100_000, noNaN: true });
    const offset = fc.float({ min: -1000, max: 1000, noNaN: true });
    const lane = fc.tuple(anyFloat, offset, scale);
    fc.assert(
      fc.property(fc.array(lane, { minLength: 16, maxLength: 16 }), (lanes) => {
        const work = model.wasm.workArea();
        const buffer = model.wasm.memory.buffer;
        [0, 1, 2].forEach((part) => {
          const values = lanes.map((entry) => entry[part]!);
          new Float32Array(buffer, work + 64 * (part + 1), 16).set(values);
        });
        model.wasm.quantise(work, work + 64, work + 128, work + 192, 16);
        const expected = Int16Array.from(lanes, (entry) => quantiseFeature(...entry));
        expect(new Int16Array(buffer, work, 16)).toEqual(expected);
      }),
      { seed: 22, numRuns: 3000 },
    );
  });

  it("takes what is not finite for the calibration's offset", () => {
    for (const raw of [NaN, Infinity, -Infinity]) expect(quantiseFeature(raw, 3, 4096)).toBe(0);
    expect(quantiseFeature(3.4e38, 3, 4096)).toBe(32767);
    expect(quantiseFeature(-100, 3, 4096)).toBe(-32768);
    expect(quantiseFeature(4, 3, 4096)).toBe(4096);
  });
});
