// Keeps the scores of servers between runs: training them takes a minute, and what looks at scores (the
// bench of thresholds) need not wait for it. A file's name is a hash of all that its numbers depend on:
// samples, recipe, seed, the modules, and this program.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeFileAtomically } from "../lib/output";
import { ModelLab } from "../model/model-lab";
import { cacheDir } from "../rig";
import { trainerModulePath } from "../training/kernels-wasm";
import { ENTITY_RECIPE } from "./entity-models";
import { type MethodScores, scoreEntity } from "./entity-scores";
import { type Entity, readEntities } from "./multivariate-data";

/** What is kept of a server's scores. */
export interface CachedScores {
  readonly entity: string;
  /** Averaged sums of the members' energies, one a sample. */
  readonly scores: MethodScores;
  /** First sample of the train part that no member learnt from. */
  readonly heldFrom: number;
  readonly labels: Uint8Array;
}

export interface ScoreEntitiesOptions {
  /** Bytes of build/model.lab.wasm. */
  readonly lab: Uint8Array;
  readonly seed?: number;
  /** Where files are kept; the user's cache by default. */
  readonly folder?: string;
  readonly say?: (line: string) => void;
}

/** Scores of all entities of `dataDir/set`, from the cache where they are there. */
export async function scoreEntities(
  dataDir: string,
  set: string,
  options: ScoreEntitiesOptions,
): Promise<CachedScores[]> {
  const { lab, seed = 1, say = () => undefined } = options;
  const folder = options.folder ?? join(cacheDir(), "entity-scores");
  const program = await hashOfProgram(lab);
  const scorer = ModelLab.start(lab);
  const all: CachedScores[] = [];
  for (const entity of await readEntities(dataDir, set)) {
    const file = join(folder, `${keyOf(entity, seed, program)}.json`);
    const kept = await readScores(file, entity);
    if (kept === undefined) say(`${entity.name}: training its members`);
    const scored = kept ?? scoreEntity(entity, scorer, seed);
    const { scores, heldFrom } = scored;
    if (kept === undefined) await writeFileAtomically(file, encode(scores, heldFrom));
    all.push({ entity: entity.name, scores, heldFrom, labels: entity.labels });
  }
  return all;
}

async function hashOfProgram(lab: Uint8Array): Promise<string> {
  // A bundle names its chunks by their contents, so one chunk stands for all that it imports.
  const files = [fileURLToPath(import.meta.url), trainerModulePath()];
  const hash = createHash("sha256").update(lab).update(JSON.stringify(ENTITY_RECIPE));
  for (const file of files) hash.update(await readFile(file));
  return hash.digest("hex");
}

function keyOf({ train, test }: Entity, seed: number, program: string): string {
  const hash = createHash("sha256").update(`${program} ${seed} ${train.inputs}`);
  for (const { values } of [train, test]) {
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex").slice(0, 32);
}

interface KeptFile {
  readonly heldFrom: number;
  readonly train: string;
  readonly test: string;
}

function encode({ train, test }: MethodScores, heldFrom: number): string {
  const text = (values: Float64Array) => {
    return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
  };
  const kept: KeptFile = { heldFrom, train: text(train), test: text(test) };
  return JSON.stringify(kept);
}

/** Undefined where there is no whole file. */
async function readScores(
  file: string,
  { train, test }: Entity,
): Promise<Pick<CachedScores, "scores" | "heldFrom"> | undefined> {
  try {
    const kept = JSON.parse(await readFile(file, "utf8")) as KeptFile;
    const scores = { train: numbers(kept.train), test: numbers(kept.test) };
    if (scores.train.length !== train.samples || scores.test.length !== test.samples) {
      return undefined;
    }
    return { scores, heldFrom: kept.heldFrom };
  } catch {
    return undefined;
  }
}

function numbers(text: string): Float64Array {
  // A copy: a decoded buffer need not begin at a multiple of 8.
  return new Float64Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);
}
