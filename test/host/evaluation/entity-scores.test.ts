import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memberArtifact, wasmEnergy } from "../../../host-tools/src/evaluation/entity-artifact";
import { scoreEntities } from "../../../host-tools/src/evaluation/entity-cache";
import { fitEntity } from "../../../host-tools/src/evaluation/entity-models";
import { scoreEntity } from "../../../host-tools/src/evaluation/entity-scores";
import { floatResiduals } from "../../../host-tools/src/evaluation/float-residuals";
import type { Entity, Series } from "../../../host-tools/src/evaluation/multivariate-data";
import { aucPr } from "../../../host-tools/src/evaluation/ranking-curves";
import {
  floatEnergy,
  forecastUnits,
  reconstructionUnits,
} from "../../../host-tools/src/evaluation/step-energy";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { exp, normal } from "../../../host-tools/src/model/exact-math";
import { ModelLab } from "../../../host-tools/src/model/model-lab";
import { ReferenceScorer } from "../../../host-tools/src/model/reference";

const INPUTS = 5;
const module = readFileSync(resolve("build/model.lab.wasm"));
const lab = ModelLab.start(module);

/** Five metrics that follow one slow load, each in its own way. */
function metrics(samples: number, seed: number): Series {
  const random = seededPrng(seed);
  const values = new Float32Array(samples * INPUTS);
  let load = 0;
  for (let row = 0; row < samples; row++) {
    load = 0.95 * load + 0.3 * normal(random);
    for (let i = 0; i < INPUTS; i++) {
      values[row * INPUTS + i] = load * (1 + 0.3 * i) + exp(0.05 * i) + 0.05 * normal(random);
    }
  }
  return { values, samples, inputs: INPUTS };
}

/** The same with one metric torn from the others twice. */
function brokenEntity(): Entity {
  const test = metrics(600, 8);
  const labels = new Uint8Array(test.samples);
  for (const [from, to] of [
    [200, 230],
    [450, 470],
  ] as const) {
    labels.fill(1, from, to);
    for (let row = from; row < to; row++) test.values[row * INPUTS + 2]! *= -0.5;
  }
  return { name: "broken", train: metrics(1200, 7), test, labels };
}

const entity = brokenEntity();
const train = entity.train;
const members = fitEntity(train, 8, 1);

describe.each([
  ["forecaster", members.forecaster, forecastUnits],
  ["autoencoder", members.autoencoder, reconstructionUnits],
] as const)("the %s", (name, model, measure) => {
  const residuals = floatResiduals(model, train);
  const units = measure(residuals, INPUTS);
  const artifact = memberArtifact(model, units, name);
  const energy = wasmEnergy(lab, artifact, train);

  it("has in Wasm the energy of the reference, bit for bit", () => {
    const scorer = new ReferenceScorer(artifact);
    const expected = Array.from({ length: train.samples }, (_, row) => {
      const vector = new Float32Array(artifact.inputs);
      vector.set(train.values.subarray(row * INPUTS, (row + 1) * INPUTS));
      return scorer.stepRaw(vector).energy;
    });
    expect([...energy]).toEqual(expected);
  });

  it("has on int8 weights nearly the energy of floating point, up to its unit", () => {
    const exact = floatEnergy(residuals, units, train);
    const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length;
    const [integers, floats] = [mean(energy), mean(exact)];
    const distance = energy.map((value, i) => Math.abs(value / integers - exact[i]! / floats));
    // The steps before the autoencoder's window is full are compared with zeros.
    expect(mean(distance.subarray(8))).toBeLessThan(0.15);
  });
});

describe("the scores of a server", () => {
  const scored = scoreEntity(entity, lab, 1);

  it("are of every sample, and finite", () => {
    expect(scored.scores.test.length).toBe(entity.test.samples);
    expect(scored.scores.train.length).toBe(train.samples);
    expect(scored.scores.test.every(Number.isFinite)).toBe(true);
  });

  it("find a metric that leaves the others", () => {
    expect(aucPr(scored.scores.test, entity.labels)).toBeGreaterThan(0.7);
    expect(aucPr(scored.robustZ.test, entity.labels)).toBeLessThan(0.4);
  });

  it("do not look ahead: a later sample changes no earlier score", () => {
    const values = Float32Array.from(entity.test.values);
    values.fill(50, 400 * INPUTS);
    const later = scoreEntity({ ...entity, test: { ...entity.test, values } }, lab, 1);
    expect([...later.scores.test.subarray(0, 400)]).toEqual([
      ...scored.scores.test.subarray(0, 400),
    ]);
  });

  it("are the same for the same seed", () => {
    const again = scoreEntity(entity, lab, 1);
    expect([...again.scores.test]).toEqual([...scored.scores.test]);
  });
});

describe("kept scores", () => {
  let folder = "";
  const csv = ({ values, samples }: Series, labels?: Uint8Array) => {
    const names = Array.from({ length: INPUTS }, (_, i) => `x${i}`).join(",");
    const rows = Array.from({ length: samples }, (_, row) => {
      const cells = [...values.subarray(row * INPUTS, (row + 1) * INPUTS)].join(",");
      return labels === undefined ? cells : `${cells},${labels[row]}`;
    });
    return gzipSync([names + (labels ? ",label" : ""), ...rows, ""].join("\n"));
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ganglion-scores-"));
    await mkdir(join(folder, "data/asd/one"), { recursive: true });
    await writeFile(join(folder, "data/asd/one/train.csv.gz"), csv(train));
    await writeFile(join(folder, "data/asd/one/test.csv.gz"), csv(entity.test, entity.labels));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("are read back as they were, another seed's are not taken for them", async () => {
    const lines: string[] = [];
    const options = {
      lab: module,
      folder: join(folder, "cache"),
      say: (line: string) => lines.push(line),
    };
    const [first] = await scoreEntities(join(folder, "data"), "asd", options);
    const [second] = await scoreEntities(join(folder, "data"), "asd", options);
    expect(lines).toEqual(["one: training its members"]);
    expect([...second!.scores.test]).toEqual([...first!.scores.test]);
    expect(second!.heldFrom).toBe(1000);
    await scoreEntities(join(folder, "data"), "asd", { ...options, seed: 2 });
    expect(await readdir(join(folder, "cache"))).toHaveLength(2);
  });
});
