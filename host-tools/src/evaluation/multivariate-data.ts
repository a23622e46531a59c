// Reads the multivariate sets (ASD, SMD): a folder an entity, `train.csv.gz` without labels and
// `test.csv.gz` with a last column `label`. Which entities there are is asked of the folder, so that
// another part of a set reads the same.

import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { ExitCode, GanglionError } from "../lib/errors";
import { reasonOf } from "../lib/input";

export interface Series {
  /** Values row by row, one row a sample. */
  readonly values: Float32Array;
  readonly samples: number;
  readonly inputs: number;
}

export interface Entity {
  readonly name: string;
  readonly train: Series;
  readonly test: Series;
  /** One a sample of `test`, 1 where anomalous. */
  readonly labels: Uint8Array;
}

/**
 * All entities below `dataDir/set`, by name.
 * @throws GanglionError E_DATA naming the file, and the line and column where there is one
 */
export async function readEntities(dataDir: string, set: string): Promise<Entity[]> {
  const folder = join(dataDir, set);
  const names = await readdir(folder).catch((cause: unknown) => {
    throw dataError(folder, reasonOf(cause));
  });
  // A link to a folder is one: parts of a set are put together that way.
  const kinds = await Promise.all(names.map((name) => stat(join(folder, name))));
  const folders = names.filter((_, i) => kinds[i]!.isDirectory());
  if (folders.length === 0) throw dataError(folder, "no entity is in it");
  return Promise.all(folders.sort(byNumbers).map((name) => readEntity(folder, name)));
}

/** `omi-10` after `omi-2`. */
function byNumbers(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

async function readEntity(folder: string, name: string): Promise<Entity> {
  const train = await readTable(join(folder, name, "train.csv.gz"));
  const test = await readTable(join(folder, name, "test.csv.gz"));
  if (test.labels === undefined) {
    throw dataError(join(folder, name, "test.csv.gz"), "its last column is not `label`");
  }
  if (train.series.inputs !== test.series.inputs) {
    const columns = `${train.series.inputs} columns to learn from, ${test.series.inputs} to test`;
    throw dataError(join(folder, name), columns);
  }
  return { name, train: train.series, test: test.series, labels: test.labels };
}

interface Table {
  readonly series: Series;
  readonly labels: Uint8Array | undefined;
}

async function readTable(file: string): Promise<Table> {
  let text: string;
  try {
    text = gunzipSync(await readFile(file)).toString("latin1");
  } catch (cause) {
    throw dataError(file, reasonOf(cause));
  }
  return parseTable(text, file);
}

/** @param file how messages call the text */
export function parseTable(text: string, file: string): Table {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const names = (lines.shift() ?? "").split(",");
  const labelled = names.at(-1) === "label";
  const inputs = names.length - (labelled ? 1 : 0);
  const samples = lines.length;
  if (inputs < 1 || samples < 1) throw dataError(file, "it has no columns or no rows");
  const values = new Float32Array(samples * inputs);
  const labels = new Uint8Array(samples);
  lines.forEach((line, row) => {
    const fields = line.split(",");
    if (fields.length !== names.length) {
      throw dataError(file, `line ${row + 2}: ${fields.length} fields, must be ${names.length}`);
    }
    fields.forEach((field, column) => {
      const value = Number(field);
      if (field === "" || !Number.isFinite(value)) {
        const place = `line ${row + 2}, column ${names[column]}`;
        throw dataError(file, `${place}: ${JSON.stringify(field)} is not a number`);
      }
      if (column === inputs) labels[row] = value === 0 ? 0 : 1;
      else values[row * inputs + column] = value;
    });
  });
  return { series: { values, samples, inputs }, labels: labelled ? labels : undefined };
}

function dataError(place: string, reason: string): GanglionError {
  return new GanglionError("E_DATA", `${place}: ${reason}`, {
    hint: "Give the folder of the data sets with --data DIR; its README names the layout.",
    exitCode: ExitCode.badInput,
  });
}
