// Builds everything that is run: the filter's modules with asc, the command and the benches with
// esbuild. Plain JavaScript with both compilers called through their APIs, because it has to run
// before anything is compiled, and because starting asc through npx costs more than compiling.
//
// A target whose inputs hash as they did last time is left alone. Outputs are written beside their
// place and renamed, so that a run in another terminal never reads half a file.
//
//   node host-tools/build.mjs [--force] [TARGET...]

import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const say = (line) => process.stderr.write(`${line}\n`);

/** Kept by the filter's owners: a bigger module costs every worker of every proxy. */
const MODULE_BYTES_MAX = 96 * 1024;

const toolInputs = ["host-tools/build.mjs", "package-lock.json"];
const filterInputs = ["assembly", "asconfig.json", ...toolInputs];
const commandInputs = ["host-tools/src", "assembly/contract", ...toolInputs];
/** Benches of kernels take their random artifacts from the kernels' tests. */
const benchInputs = [
  "bench",
  "test/host/model",
  "test/host/verify/defects.ts",
  "test/mesh/rig",
  "test/support",
  ...commandInputs,
];
const meshInputs = ["test/mesh/rig", "test/support", ...commandInputs];
/**
 * Laboratory modules export single kernels to tests: no host calls, so none of the filter's
 * settings.
 */
const plainOptions = ["--config", "none", "--runtime", "stub", "--enable", "simd"];

const ascTarget = (name, entry, output, options, bytesMax = Infinity) => ({
  name,
  entry,
  output,
  bytesMax,
  inputs: filterInputs,
  run: () => compile(entry, output, options),
});

const bundleTarget = (name, entry, output, inputs, extra = {}) => ({
  name,
  entry,
  output,
  bytesMax: Infinity,
  inputs,
  run: () => bundle(entry, output, extra),
});

const configured = (target) => ["--config", "asconfig.json", "--target", target];
const laboratory = [...plainOptions, "--exportStart", "_initialize", "-O3", "--converge"];

const targets = [
  ascTarget(
    "release",
    "assembly/index.ts",
    "build/ganglion.wasm",
    configured("release"),
    MODULE_BYTES_MAX,
  ),
  ascTarget("debug", "assembly/index.ts", "build/ganglion.debug.wasm", configured("debug")),
  ascTarget("lab", "assembly/lab.ts", "build/ganglion.lab.wasm", configured("lab")),
  ascTarget("model-lab", "assembly/model-lab.ts", "build/model.lab.wasm", laboratory),
  ascTarget("content-lab", "assembly/content-lab.ts", "build/content.lab.wasm", laboratory),
  // Runs in the tool, not in a proxy: the arithmetic of `ganglion train`.
  {
    ...ascTarget("trainer", "assembly/trainer.ts", "build/trainer.wasm", laboratory),
    inputs: ["assembly/training", "assembly/trainer.ts", ...toolInputs],
  },
  ascTarget(
    "transformer-lab",
    "assembly/transformer-lab.ts",
    "build/transformer.lab.wasm",
    laboratory,
  ),
  ascTarget(
    "statistics-lab",
    "assembly/statistics-lab.ts",
    "build/statistics.lab.wasm",
    laboratory,
  ),
  ascTarget(
    "calibration-lab",
    "assembly/calibration-lab.ts",
    "build/calibration.lab.wasm",
    laboratory,
  ),
  ascTarget("config-lab", "assembly/config-lab.ts", "build/config.lab.wasm", laboratory),
  bundleTarget("command", "host-tools/src/cli.ts", "build/ganglion.mjs", commandInputs, {
    banner: { js: "#!/usr/bin/env node" },
  }),
  // The rig's programs run as processes of their own (host-tools/src/rig/child-program.ts).
  bundleTarget(
    "rig-child",
    "host-tools/src/rig/child-main.ts",
    "build/rig-child.mjs",
    commandInputs,
  ),
  // Threads of a training load this (host-tools/src/training/thread-pool.ts).
  bundleTarget(
    "training-thread",
    "host-tools/src/training/thread-main.ts",
    "build/training-thread.mjs",
    commandInputs,
  ),
  bundleTarget("bench", "bench/index.ts", "build/bench.mjs", benchInputs),
  // Pushers that the bench mesh-bad kills (bench/rig/dying-pushes.ts).
  bundleTarget("push-child", "bench/rig/push-child.ts", "build/push-child.mjs", benchInputs),
  bundleTarget("mesh", "test/mesh/rig/main.ts", "build/mesh.mjs", meshInputs),
];

/** Compiles one AssemblyScript entry; asc's own reports go to stderr. */
async function compile(entry, output, options) {
  const { default: asc } = await import("assemblyscript/asc");
  const written = new Map();
  const { error, stderr } = await asc.main([entry, ...options, "--outFile", output], {
    baseDir: root,
    writeFile: (name, contents) => void written.set(name, contents),
  });
  const report = stderr.toString().trim();
  if (report !== "") say(report);
  if (error !== null) throw new Error(`asc: ${error.message}`);
  for (const [name, contents] of written) writeAtomically(name, contents);
}

/**
 * Bundles one TypeScript entry and what it imports of ours; packages stay outside. Split into
 * chunks, because in a single file every static import of a package is hoisted to the top, and
 * `--help` would load all of them. Chunks stand beside the entry, so that a path relative to
 * `import.meta.url` means the same in all of them.
 */
async function bundle(entry, output, extra) {
  const { build } = await import("esbuild");
  const name = basename(output, ".mjs");
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [{ in: entry, out: name }],
    outdir: dirname(output),
    outExtension: { ".js": ".mjs" },
    chunkNames: `${name}-[hash]`,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    sourcemap: true,
    sourcesContent: false,
    write: false,
    logLevel: "warning",
    ...extra,
  });
  // The entry last: whoever starts it finds the chunks that it names.
  for (const file of outputFiles.reverse()) writeAtomically(file.path, file.contents);
  chmodSync(join(root, output), 0o755);
  removeOldChunks(name, new Set(outputFiles.map((file) => file.path)));
}

/**
 * Removes chunks of earlier builds, except young ones: a run that is under way may still load
 * them.
 */
function removeOldChunks(name, kept) {
  const folder = join(root, "build");
  const youngMs = Date.now() - 30 * 60_000;
  for (const file of readdirSync(folder)) {
    if (!new RegExp(`^${name}-[A-Z0-9]{8}\\.mjs(\\.map)?$`).test(file)) continue;
    const path = join(folder, file);
    if (!kept.has(path) && statSync(path).mtimeMs < youngMs) rmSync(path, { force: true });
  }
}

function writeAtomically(path, contents) {
  const place = resolve(root, path);
  const temporary = `${place}.${process.pid}.tmp`;
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(temporary, contents);
  renameSync(temporary, place);
}

/**
 * Every file under the given paths, sorted, so that the hash does not depend on the file system.
 */
function filesUnder(path) {
  const place = join(root, path);
  if (!existsSync(place)) return [];
  if (statSync(place).isFile()) return [path];
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath ?? item.path, item.name).slice(root.length + 1))
    .filter((file) => !file.includes("results/"))
    .sort();
}

function stampOf(target) {
  const hash = createHash("sha256").update(process.version);
  for (const file of target.inputs.flatMap(filesUnder)) {
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

const stampPath = (target) => join(root, "build/.stamps", target.name);

function isCurrent(target, stamp) {
  if (!existsSync(join(root, target.output)) || !existsSync(stampPath(target))) return false;
  return readFileSync(stampPath(target), "utf8") === stamp;
}

/** Builds one target; true when it stands and is within its budget. */
async function buildTarget(target, force) {
  if (!existsSync(join(root, target.entry))) return true;
  const stamp = stampOf(target);
  const started = performance.now();
  const current = !force && isCurrent(target, stamp);
  if (!current) {
    try {
      await target.run();
    } catch (cause) {
      say(`error: ${target.name}: ${cause instanceof Error ? cause.message : String(cause)}`);
      return false;
    }
    writeAtomically(stampPath(target), stamp);
  }
  const sizeBytes = statSync(join(root, target.output)).size;
  const how = current ? "unchanged" : `${Math.round(performance.now() - started)} ms`;
  say(`${target.output.padEnd(28)} ${String(sizeBytes).padStart(8)} bytes  ${how}`);
  if (sizeBytes <= target.bytesMax) return true;
  say(`error: ${target.output} is over its budget of ${target.bytesMax} bytes`);
  return false;
}

const names = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const unknown = names.filter((name) => !targets.some((target) => target.name === name));
if (unknown.length > 0) {
  say(`error: no target ${unknown.join(", ")}; there are ${targets.map((t) => t.name).join(", ")}`);
  process.exit(64);
}
let good = true;
for (const target of targets) {
  if (names.length > 0 && !names.includes(target.name)) continue;
  if (!(await buildTarget(target, process.argv.includes("--force")))) good = false;
}
process.exitCode = good ? 0 : 1;
