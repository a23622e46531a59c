// Builds programs out of Go modules of ours under test/mesh/tools/. Each has a go.mod and a go.sum, so that
// the versions and the bytes of all their sources are pinned; a build is kept in the user's cache under the
// hash of everything that decides it, and found there by the next one.

import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { cacheDir, runCommand } from "../../../host-tools/src/rig";
import { withInstallDir } from "../../../host-tools/src/rig/install-dir";
import { projectRoot } from "../../support/project-root";

/** No C compiler, no paths of this machine and no symbols in the result. */
const BUILD_FLAGS = ["-mod=readonly", "-trimpath", "-ldflags", "-s -w"];
const BUILD_TIMEOUT_MS = 40 * 60_000;
const TICK_MS = 20_000;

export type Say = (sentence: string) => void;

export interface GoModule {
  /** Folder under test/mesh/tools/. */
  readonly name: string;
  /** Package by the name that its program shall have. */
  readonly programs: Readonly<Record<string, string>>;
  /** Files and folders to keep beside the programs: `[module, path in it]`. */
  readonly files?: readonly (readonly [module: string, path: string])[];
  /** What is done to the finished programs; its text is part of the key. */
  readonly finish?: { readonly describe: string; readonly run: (folder: string) => void };
}

/** Where a module's programs lie, built or not. */
export function goProgramsDir(module: GoModule): string {
  const hash = createHash("sha256");
  for (const name of ["go.mod", "go.sum"]) hash.update(readFileSync(join(sourceDir(module), name)));
  hash.update(
    JSON.stringify([module.programs, module.files, module.finish?.describe, BUILD_FLAGS]),
  );
  hash.update(`${process.platform} ${process.arch}`);
  return join(cacheDir(), "mesh", `${module.name}-${hash.digest("hex").slice(0, 16)}`);
}

/**
 * The folder of a module's programs, built first if it is not there. Two processes may build at once: each
 * fills a folder of its own and the first rename wins.
 *
 * @throws Error with Go's last words
 */
export async function buildGoPrograms(module: GoModule, say: Say): Promise<string> {
  const place = goProgramsDir(module);
  if (existsSync(place)) return place;
  await withInstallDir(join(cacheDir(), "mesh"), async (draft) => {
    const target = join(draft, "target");
    mkdirSync(target);
    for (const [program, goPackage] of Object.entries(module.programs)) {
      await timed(`build ${program}`, say, () =>
        go(module, ["build", ...BUILD_FLAGS, "-o", join(target, program), goPackage]),
      );
    }
    for (const [goModule, path] of module.files ?? []) {
      const from = await goModuleDir(module, goModule);
      cpSync(join(from, path), join(target, path), { recursive: true, dereference: true });
      makeWritable(join(target, path));
    }
    module.finish?.run(target);
    publish(target, place);
  });
  return place;
}

/** The folder where Go keeps the sources of `goModule`, downloaded first if need be. */
export async function goModuleDir(module: GoModule, goModule: string): Promise<string> {
  const answer = await go(module, ["mod", "download", "-json", goModule]);
  return (JSON.parse(answer) as { Dir: string }).Dir;
}

/** Says what is done and how long it took, and in between that it is still being done. */
export async function timed<T>(what: string, say: Say, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const seconds = () => `${((performance.now() - startedMs) / 1000).toFixed(0)} s`;
  say(`${what} ...`);
  const timer = setInterval(() => say(`${what}: ${seconds()} so far`), TICK_MS);
  try {
    const result = await work();
    say(`${what}: ${seconds()}`);
    return result;
  } finally {
    clearInterval(timer);
  }
}

async function go(module: GoModule, args: readonly string[]): Promise<string> {
  const result = await runCommand("go", args, {
    cwd: sourceDir(module),
    env: { ...process.env, CGO_ENABLED: "0", GOWORK: "off" },
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  if (result.error) throw new Error("Go 1.26 or newer is needed, and there is no `go` on PATH");
  if (result.status === 0) return result.stdout;
  const words = result.stderr.trim().split("\n").slice(-5).join("\n");
  const reason = result.timedOut ? `did not end within ${BUILD_TIMEOUT_MS / 60_000} min` : words;
  throw new Error(`go ${args[0]} in test/mesh/tools/${module.name}: ${reason}`);
}

/** Go keeps sources read-only, folders too; a copy of them has to be removable. */
function makeWritable(path: string): void {
  if (!statSync(path).isDirectory()) return chmodSync(path, 0o644);
  chmodSync(path, 0o755);
  for (const name of readdirSync(path)) makeWritable(join(path, name));
}

function publish(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error; // else another process was first
    rmSync(from, { recursive: true, force: true });
  }
}

function sourceDir(module: GoModule): string {
  return join(projectRoot(), "test", "mesh", "tools", module.name);
}
