// Runs the named layers of tests and ends with `N passed, N failed` alone on the last line. Neither
// runner prints that, as-pect dies without a summary when a spec does not compile, and vitest calls
// a run with skips a success; here a skip is shown with its reason, and fails where CI is set.
//
//   node test/run.mjs build unit tidy host plugin e2e mesh

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const strict = process.env.CI !== undefined && !["", "0", "false"].includes(process.env.CI);
const vitestLayers = ["tidy", "host", "plugin", "e2e", "mesh"];
const layers = ["build", "unit", ...vitestLayers];
const say = (line) => process.stdout.write(`${line}\n`);
const none = () => ({ passed: 0, failed: 0, skips: [], again: [] });
/** Tests of one run that may pass at their second try alone; more say that something is wrong. */
const AGAIN_MAX = 2;

/** Runs a command, passes its output through, returns status and output. */
function run(command, args) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const pass = (stream) => (chunk) => {
      output += chunk;
      stream.write(chunk);
    };
    child.stdout.on("data", pass(process.stdout));
    child.stderr.on("data", pass(process.stderr));
    child.on("error", (error) => done({ status: 1, output: String(error) }));
    child.on("close", (status) => done({ status: status ?? 1, output }));
  });
}

/** A build that fails is one failure, and the layers still run: they say what else is broken. */
async function runBuild() {
  const { status } = await run(process.execPath, ["host-tools/build.mjs"]);
  return { ...none(), failed: status === 0 ? 0 : 1 };
}

/**
 * Builds the programs of a mesh before any timed test waits for them: minutes the first time, then
 * they are found. Where a part cannot be had this says so, and the tests fail or are left out.
 */
async function buildMeshParts() {
  await run(process.execPath, ["host-tools/build.mjs", "mesh"]);
  await run(process.execPath, ["build/mesh.mjs", "--build-only"]);
}

/**
 * as-pect, counted from its line per spec; a spec that does not compile ends it before its
 * summary.
 */
async function runUnit() {
  const aspect = resolve(root, "node_modules/@as-pect/cli/bin/asp.js");
  const { status, output } = await run(process.execPath, [aspect, "--summary"]);
  const result = none();
  for (const [, passed, total] of output.matchAll(/Pass: (\d+) \/ (\d+) Todo/g)) {
    result.passed += Number(passed);
    result.failed += Number(total) - Number(passed);
  }
  if (status !== 0 && result.failed === 0) result.failed = 1;
  return result;
}

/** vitest through its own API, because no reporter of it carries the reason of a skip. */
async function runVitest(projects) {
  const { startVitest } = await import("vitest/node");
  const vitest = await startVitest("test", [], {
    root,
    run: true,
    watch: false,
    project: projects,
    passWithNoTests: true,
  });
  const results = new Map(projects.map((name) => [name, none()]));
  for (const file of vitest.state.getTestModules()) {
    const result = results.get(file.project.name) ?? none();
    for (const test of file.children.allTests()) countTest(test, result);
    // A file or suite that throws outside its tests has an error and perhaps no test.
    const broken = [file, ...file.children.allSuites()].filter((part) => part.errors().length > 0);
    result.failed += broken.length;
  }
  const unhandled = vitest.state.getUnhandledErrors().length;
  await vitest.close();
  // Nothing else may set the status: the last line and the status have to agree.
  process.exitCode = 0;
  return { results, unhandled };
}

function countTest(test, result) {
  const outcome = test.result();
  if (outcome.state === "passed") {
    result.passed += 1;
    const first = outcome.errors?.[0]?.message ?? "no message";
    if (test.diagnostic()?.flaky) result.again.push({ name: test.fullName, reason: first });
  } else if (outcome.state === "failed") result.failed += 1;
  else result.skips.push({ name: test.fullName, reason: outcome.note ?? "no reason given" });
}

/** Prints one layer's figures and returns them, with forbidden skips as failures. */
function conclude(name, result) {
  const found = result.passed + result.failed + result.skips.length;
  if (name !== "build" && found === 0) {
    say(`${name}: no tests found`);
    return { passed: 0, failed: 1 };
  }
  for (const { name: test, reason } of result.skips) say(`skipped: ${test}: ${reason}`);
  for (const { name: test, reason } of result.again) say(`second try: ${test}: first: ${reason}`);
  const forbidden = strict ? result.skips.filter((s) => !s.reason.startsWith("optional:")) : [];
  if (forbidden.length > 0) say(`${name}: ${forbidden.length} skips count as failures under CI`);
  const failed = result.failed + forbidden.length;
  const skips = result.skips.length > 0 ? `, ${result.skips.length} skipped` : "";
  say(`${name}: ${result.passed} passed, ${failed} failed${skips}`);
  return { passed: result.passed, failed };
}

async function main(wanted) {
  const unknown = wanted.filter((name) => !layers.includes(name));
  if (wanted.length === 0 || unknown.length > 0 || !existsSync(resolve(root, "node_modules"))) {
    process.stderr.write(
      `usage: node test/run.mjs LAYER...  (${layers.join(", ")}; npm ci first)\n`,
    );
    return 64;
  }
  const results = [];
  if (wanted.includes("build")) results.push(["build", await runBuild()]);
  if (wanted.includes("unit")) results.push(["unit", await runUnit()]);
  const projects = vitestLayers.filter((name) => wanted.includes(name));
  let unhandled = 0;
  if (projects.includes("mesh")) await buildMeshParts();
  if (projects.length > 0) {
    const outcome = await runVitest(projects);
    results.push(...outcome.results);
    unhandled = outcome.unhandled;
  }
  say("");
  const sum = { passed: 0, failed: unhandled };
  if (unhandled > 0) say(`vitest: ${unhandled} errors outside of tests`);
  let again = 0;
  for (const [name, result] of results) {
    const counts = conclude(name, result);
    sum.passed += counts.passed;
    sum.failed += counts.failed;
    again += result.again.length;
  }
  if (again > AGAIN_MAX) {
    say(
      `${again} tests passed at their second try alone, where ${AGAIN_MAX} may: all of them fail`,
    );
    sum.passed -= again;
    sum.failed += again;
  }
  say(`${sum.passed} passed, ${sum.failed} failed`);
  return sum.failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
