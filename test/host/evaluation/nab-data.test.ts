// Reading the benchmark: rows, windows, and what is refused.

import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parseSeries, readNab } from "../../../host-tools/src/evaluation/nab-data";
import { dataDirOrSkip } from "./nab-or-skip";

const CSV = `timestamp,value
2014-04-01 00:00:00,20.5
2014-04-01 00:05:00,-3
2014-04-01 00:10:00,7e3
`;

describe("a series", () => {
  it("has a time in ms and a value for each row", () => {
    const { timesMs, values } = parseSeries("g/a.csv", CSV, []);
    expect([...timesMs]).toEqual([0, 300_000, 600_000].map((ms) => 1_396_310_400_000 + ms));
    expect([...values]).toEqual([20.5, -3, 7000]);
  });

  it("has its windows as rows, in order, whatever the order in the file", () => {
    const { windows } = parseSeries("g/a.csv", CSV, [
      ["2014-04-01 00:10:00.000000", "2014-04-01 00:10:00.000000"],
      ["2014-04-01 00:00:00.000000", "2014-04-01 00:05:00.000000"],
    ]);
    expect(windows).toEqual([
      { first: 0, last: 1 },
      { first: 2, last: 2 },
    ]);
  });

  it("drops a window that holds no row", () => {
    const outside: [string, string] = ["2015-01-01 00:00:00.000000", "2015-01-02 00:00:00.000000"];
    expect(parseSeries("g/a.csv", CSV, [outside]).windows).toEqual([]);
  });

  it("is refused with the row that is no timestamp and value", () => {
    expect(() => parseSeries("g/a.csv", `${CSV}2014-04-01 00:15:00,many\n`, [])).toThrow("row 4");
    expect(() => parseSeries("g/a.csv", `${CSV}yesterday,1\n`, [])).toThrow("row 4");
  });
});

describe("the benchmark's folder", () => {
  it("is named in the error when it is not there", () => {
    expect(() => readNab(resolve("build/no-such-folder"))).toThrow("no windows.json");
  });

  it("gives every series, sorted, and three profiles", (context) => {
    const { series, profiles } = readNab(join(dataDirOrSkip(context), "nab"));
    const names = series.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(0);
    expect(names).toEqual([...names].sort());
    expect(profiles.map(({ name }) => name)).toContain("standard");
    for (const { timesMs, values, windows } of series) {
      expect(timesMs.length).toBe(values.length);
      for (const { first, last } of windows) expect(first).toBeLessThanOrEqual(last);
    }
  });
});
