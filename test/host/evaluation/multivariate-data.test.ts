import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseTable, readEntities } from "../../../host-tools/src/evaluation/multivariate-data";
import { robustScaling, scaled } from "../../../host-tools/src/evaluation/robust-scaling";
import { causalMean } from "../../../host-tools/src/evaluation/causal-mean";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ganglion-data-"));
  for (const name of ["omi-10", "omi-2"]) {
    await mkdir(join(folder, "asd", name), { recursive: true });
    await writeFile(join(folder, "asd", name, "train.csv.gz"), gzipSync("x0,x1\n1,2\n3,4\n"));
    await writeFile(
      join(folder, "asd", name, "test.csv.gz"),
      gzipSync("x0,x1,label\n5,6,0\n7,8,1\n"),
    );
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the multivariate sets", () => {
  it("are read entity by entity, in the order of their numbers", async () => {
    const entities = await readEntities(folder, "asd");
    expect(entities.map((entity) => entity.name)).toEqual(["omi-2", "omi-10"]);
    const [first] = entities;
    expect([...first!.train.values]).toEqual([1, 2, 3, 4]);
    expect(first!.test).toMatchObject({ samples: 2, inputs: 2 });
    expect([...first!.labels]).toEqual([0, 1]);
  });

  it("are read through links, and other files are passed over", async () => {
    await mkdir(join(folder, "linked"));
    await symlink(join(folder, "asd/omi-2"), join(folder, "linked/omi-2"));
    await writeFile(join(folder, "linked/LICENSE"), "as you like");
    const entities = await readEntities(folder, "linked");
    expect(entities.map((entity) => entity.name)).toEqual(["omi-2"]);
  });

  it("are missed with the folder's name and a hint", async () => {
    await expect(readEntities(folder, "smd")).rejects.toMatchObject({
      code: "E_DATA",
      message: expect.stringContaining(join(folder, "smd")),
      hint: expect.stringContaining("--data"),
    });
  });

  it.each([
    ["x0,x1\n1,2,3\n", "line 2: 3 fields, must be 2"],
    ["x0,x1\n1,2\n1,two\n", 'line 3, column x1: "two" is not a number'],
    ["x0,x1\n1,\n", 'line 2, column x1: "" is not a number'],
    ["x0,x1\n", "no columns or no rows"],
  ])("say where %j is wrong", (text, message) => {
    expect(() => parseTable(text, "file")).toThrow(message);
  });
});

describe("robust scaling", () => {
  const train = (rows: readonly (readonly number[])[]) => ({
    values: Float32Array.from(rows.flat()),
    samples: rows.length,
    inputs: rows[0]!.length,
  });

  it("takes the median and the range from the 5th to the 95th percentile", () => {
    const rows = Array.from({ length: 101 }, (_, i) => [i, 1000 - i]);
    const { medians, ranges } = robustScaling(train(rows));
    expect([...medians]).toEqual([50, 950]);
    expect([...ranges]).toEqual([90, 90]);
  });

  it("is not moved by a spike", () => {
    const rows = Array.from({ length: 101 }, (_, i) => [i === 50 ? 900 : i]);
    expect(robustScaling(train(rows)).ranges[0]).toBeLessThan(95);
  });

  it("gives a column that stands still a hundredth of its size, or 1 at zero", () => {
    const rows = Array.from({ length: 10 }, () => [200, 0]);
    expect([...robustScaling(train(rows)).ranges]).toEqual([2, 1]);
  });
});

describe("scaled values", () => {
  it("are in ranges from the median, cut at 8", () => {
    const series = { values: Float32Array.from([10, 14, 200, -90]), samples: 4, inputs: 1 };
    const scaling = { medians: Float64Array.of(10), ranges: Float64Array.of(8) };
    expect([...scaled(series, scaling)]).toEqual([0, 0.5, 8, -8]);
  });
});

describe("the causal mean", () => {
  it("averages over the last scores and what there is at the start", () => {
    const means = causalMean(Float64Array.from([4, 2, 0, 6, 3]), 3);
    expect([...means]).toEqual([4, 3, 2, 8 / 3, 3]);
  });

  it("never looks ahead", () => {
    const before = causalMean(Float64Array.from([1, 2, 3, 4]), 2);
    const after = causalMean(Float64Array.from([1, 2, 3, 99]), 2);
    expect([...after].slice(0, 3)).toEqual([...before].slice(0, 3));
  });
});
