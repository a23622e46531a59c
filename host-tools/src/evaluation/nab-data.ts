// Reads the Numenta Anomaly Benchmark as it stands on disk: one gzipped CSV `timestamp,value` per
// series, the anomaly windows of each series, and the cost profiles. Whatever groups are there are
// read; a series without an entry in windows.json counts as one without anomalies.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { ExitCode, GanglionError } from "../lib/errors";

/** Rows of a series in which an anomaly may be found, both ends included. */
export interface NabWindow {
  readonly first: number;
  readonly last: number;
}

export interface NabSeries {
  /** `group/file.csv`, as in windows.json. */
  readonly name: string;
  /** Wall clock of each row in ms since 1970, the file's clock taken as UTC. */
  readonly timesMs: Float64Array;
  readonly values: Float32Array;
  /** In order of time, apart from each other. */
  readonly windows: readonly NabWindow[];
}

/** What one found, missed or false detection counts. */
export interface CostProfile {
  readonly name: string;
  readonly found: number;
  readonly missed: number;
  readonly falseAlarm: number;
}

export interface NabData {
  readonly series: readonly NabSeries[];
  readonly profiles: readonly CostProfile[];
}

type WindowFile = Readonly<Record<string, readonly (readonly [string, string])[]>>;
type ProfileFile = Readonly<Record<string, { CostMatrix: Readonly<Record<string, number>> }>>;

/** @param folder holds data/GROUP/*.csv.gz, windows.json and profiles.json */
export function readNab(folder: string): NabData {
  if (!existsSync(join(folder, "windows.json"))) {
    throw new GanglionError("E_NAB_ABSENT", `no windows.json in ${folder}`, {
      hint: "Name the folder that holds nab/ with --data DIR.",
      exitCode: ExitCode.badInput,
    });
  }
  const windows = readJson<WindowFile>(join(folder, "windows.json"));
  const profiles = readJson<ProfileFile>(join(folder, "profiles.json"));
  const series = seriesNames(join(folder, "data")).map((name) => {
    const packed = readFileSync(join(folder, "data", `${name}.gz`));
    return parseSeries(name, gunzipSync(packed).toString("utf8"), windows[name] ?? []);
  });
  return { series, profiles: Object.entries(profiles).map(profileOf) };
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, "utf8")) as T;
}

/** `group/file.csv` of every series, sorted: figures must not depend on the file system's order. */
function seriesNames(folder: string): string[] {
  const groups = readdirSync(folder, { withFileTypes: true }).filter((item) => item.isDirectory());
  const names = groups.map(({ name }) => name).sort();
  return names.flatMap((group) =>
    readdirSync(join(folder, group))
      .filter((file) => file.endsWith(".csv.gz"))
      .sort()
      .map((file) => `${group}/${file.slice(0, -".gz".length)}`),
  );
}

function profileOf([name, { CostMatrix: cost }]: [string, ProfileFile[string]]): CostProfile {
  const { tpWeight = 1, fnWeight = 1, fpWeight = 1 } = cost;
  return { name, found: tpWeight, missed: fnWeight, falseAlarm: fpWeight };
}

/**
 * Parses one series.
 *
 * @param text CSV with a header line, then `YYYY-MM-DD hh:mm:ss,value`
 * @param windows first and last moment of each, in the same clock
 */
export function parseSeries(
  name: string,
  text: string,
  windows: readonly (readonly [string, string])[],
): NabSeries {
  const rows = text
    .split("\n")
    .slice(1)
    .filter((row) => row.trim() !== "");
  const timesMs = Float64Array.from(rows, (row) => momentOf(row.slice(0, row.indexOf(","))));
  const values = Float32Array.from(rows, (row) => Number(row.slice(row.indexOf(",") + 1)));
  const bad = timesMs.findIndex((time, row) => Number.isNaN(time) || Number.isNaN(values[row]));
  if (bad >= 0) {
    throw new GanglionError("E_NAB_ROW", `${name}: row ${bad + 1} is not a timestamp and a value`, {
      exitCode: ExitCode.badInput,
    });
  }
  const spans = windows.map(([from, to]) => ({
    first: timesMs.findIndex((time) => time >= momentOf(from)),
    last: timesMs.findLastIndex((time) => time <= momentOf(to)),
  }));
  const kept = spans.filter(({ first, last }) => first >= 0 && last >= first);
  return { name, timesMs, values, windows: kept.sort((a, b) => a.first - b.first) };
}

/** `2014-04-10 07:15:00` or with a fraction, in ms since 1970. */
function momentOf(text: string): number {
  return Date.parse(`${text.trim().replace(" ", "T")}Z`);
}
