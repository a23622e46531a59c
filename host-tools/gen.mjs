// Writes every file that is generated and committed: references, schema, the kustomize base, the
// content model. With --check it writes nothing and fails on the first difference, which is what CI
// asks for.
//
//   node host-tools/gen.mjs [--check]

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
/**
 * Each exports `generatedFiles()`: a list of path and text (or bytes), given a way to read a file
 * of the tree.
 */
const generators = [
  "host-tools/src/reference/generated-files.ts",
  "host-tools/src/model/generated-files.ts",
  "host-tools/src/content/generated-files.ts",
  "host-tools/src/calibration/generated-files.ts",
  "host-tools/src/sbom/generated-files.ts",
];

async function generatorOf(entry) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    write: false,
    logLevel: "warning",
  });
  // Below build/, so that packages resolve as they do for the tool; a name of its own, because an
  // address that was imported before gives the module of before.
  const bundle = join(root, "build", `generator-${process.pid}-${generators.indexOf(entry)}.mjs`);
  mkdirSync(dirname(bundle), { recursive: true });
  writeFileSync(bundle, outputFiles[0].contents);
  try {
    return await import(pathToFileURL(bundle).href);
  } finally {
    rmSync(bundle, { force: true });
  }
}

function current(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

const check = process.argv.includes("--check");
const read = (path) => readFileSync(join(root, path), "utf8");
let differences = 0;
for (const entry of generators) {
  const { generatedFiles } = await generatorOf(entry);
  for (const [path, text] of generatedFiles(read)) {
    const place = join(root, path);
    if (current(place)?.equals(Buffer.from(text))) continue;
    differences++;
    process.stderr.write(`${check ? "differs" : "wrote"}: ${path}\n`);
    if (check) continue;
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(`${place}.tmp`, text);
    renameSync(`${place}.tmp`, place);
  }
}
if (check && differences > 0) {
  process.stderr.write("error: generated files are stale; run `npm run gen` and commit\n");
  process.exitCode = 1;
}
