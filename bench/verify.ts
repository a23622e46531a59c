// `ganglion verify` against what is known: twenty defects, each broken and corrected; the assistant's
// rendered manifests and Istio's own samples, in which nothing may be found but what docs/rules/samples.md
// argues; and 1,000 objects of a mesh, seeded, for the time from text to findings.
//
//   found           of the twenty, those whose every expected finding is there, by rule and line
//   false_findings  on the corrected forms, the assistant and the samples
//   ms              1,000 objects, parsing included, in a process that has read nothing yet
//   cpu_ms          of that run, whatever else the machine does
//   warm_ms         the same again, median of five
//   command_ms      the whole command on the same text, node's start included

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { seededPrng } from "../host-tools/src/lib/prng";
import { located, verifyObjects, verifyTexts } from "../host-tools/src/verify";
import { readPaths } from "../host-tools/src/verify/source/read-files";
import { DEFECTS, readDefect } from "../test/host/verify/defects";
import { meshParts } from "../test/mesh/rig/parts";
import { arguedFindings } from "../test/support/istio-samples";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { meshText } from "./rig/mesh-text";

const place = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const OBJECTS = 1000;
const WARM_RUNS = 5;

async function run(options: BenchOptions): Promise<BenchResult> {
  const { say } = options;
  const text = meshText(OBJECTS, seededPrng(options.seed).fork("verify"));
  // First of all: what comes later is parsed by warmed-up code.
  const before = process.cpuUsage();
  const ms = timeOf(text);
  const { user, system } = process.cpuUsage(before);
  say(`${OBJECTS} objects, ${text.length} bytes: ${ms.toFixed(0)} ms`);
  const found = DEFECTS.filter(isFound);
  const corrected = DEFECTS.flatMap(({ id }) => findingsOf([readDefectHere(id, "corrected")]));
  const assistant = findingsOf(filesOf(place("wasmplugin/examples/assistant/manifests")));
  const samples = await samplesFindings(say);
  for (const one of [...corrected, ...assistant, ...(samples?.beside ?? [])]) say(`false: ${one}`);
  const warm = Array.from({ length: WARM_RUNS }, () => timeOf(text)).sort((a, b) => a - b);
  const figures = {
    found: found.length,
    of: DEFECTS.length,
    false_findings: corrected.length + assistant.length + (samples?.beside.length ?? 0),
    samples: samples === undefined ? "not at hand" : "read",
    samples_objects: samples?.objects ?? 0,
    samples_argued: samples?.argued ?? 0,
    objects: OBJECTS,
    bytes: text.length,
    ms: Math.round(ms),
    cpu_ms: Math.round((user + system) / 1000),
    warm_ms: Math.round(warm[WARM_RUNS >> 1] ?? 0),
    command_ms: Math.round(commandMs(text)),
  };
  return { figures };
}

function isFound({ id, finds }: (typeof DEFECTS)[number]): boolean {
  const { findings } = verifyTexts([readDefectHere(id, "broken")]);
  const told = findings.map(located);
  return finds.every(({ rule, line, says }) =>
    told.some((one) => one.rule === rule && one.line === line && one.message.includes(says)),
  );
}

function readDefectHere(id: string, form: "broken" | "corrected"): { name: string; text: string } {
  return readDefect(place("test/host/verify/defects"), id, form);
}

function findingsOf(texts: readonly { name: string; text: string }[]): string[] {
  return verifyTexts(texts).findings.map((finding) => {
    const { file, line, rule } = located(finding);
    return `${file}:${line} ${rule}`;
  });
}

function filesOf(folder: string): { name: string; text: string }[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));
}

/** Of Istio's samples those findings that the page argues, and those beside. */
async function samplesFindings(
  say: BenchOptions["say"],
): Promise<{ objects: number; argued: number; beside: string[] } | undefined> {
  let folder: string;
  try {
    folder = (await meshParts(say)).istioSamples;
  } catch (error) {
    say(`Istio's samples cannot be had: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  const { objects } = await readPaths([folder], "default");
  const argued = arguedFindings(place("docs/rules/samples.md"));
  const told = verifyObjects(objects).findings.map((finding) => {
    const { file, line, rule } = located(finding);
    return { file: relative(folder, file), line, rule };
  });
  const isArgued = (one: (typeof told)[number]): boolean =>
    argued.some(({ file, line, rule }) => {
      return file === one.file && line === one.line && rule === one.rule;
    });
  return {
    objects: objects.length,
    argued: told.filter(isArgued).length,
    beside: told
      .filter((one) => !isArgued(one))
      .map(({ file, line, rule }) => `${file}:${line} ${rule}`),
  };
}

function timeOf(text: string): number {
  const startedMs = performance.now();
  const { findings } = verifyTexts([{ name: "mesh.yaml", text }]);
  const took = performance.now() - startedMs;
  if (findings.length > 0) {
    const [first] = findings.map(located);
    throw new Error(
      `the generated mesh is sound, but: ${first?.rule ?? ""} ${first?.message ?? ""}`,
    );
  }
  return took;
}

/** The whole command: start of node, reading the file, findings, exit. */
function commandMs(text: string): number {
  const folder = mkdtempSync(join(tmpdir(), "ganglion-verify-"));
  try {
    writeFileSync(join(folder, "mesh.yaml"), text);
    const startedMs = performance.now();
    const { status } = spawnSync(process.execPath, [place("build/ganglion.mjs"), "verify", folder]);
    const took = performance.now() - startedMs;
    if (status !== 0) throw new Error(`ganglion verify ended with ${status}`);
    return took;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const bench: Bench = {
  name: "verify",
  summary: "defects found, false findings, and the time for 1,000 objects",
  run,
};
