// A real OCI registry, Debian's docker-registry, on a free loopback port. It is found on PATH or
// unpacked (not installed) into the project's cache. Where it cannot be had the caller is told why:
// tests then say so and skip, and fail instead in CI, where a silent skip would read as a pass.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../host-tools/src/rig";
import { findPackage } from "./debian-package";
import type { Found } from "./found";

const PROGRAM = "docker-registry";
const START_TIMEOUT_MS = 60_000;
/** Its port was free a moment ago; somebody's connection may have taken it since. */
const START_TRIES_MAX = 5;
const POLL_MS = 50;

/** The registry's program, or why there is none; throws that reason when CI=true. */
export async function findDockerRegistry(): Promise<Found> {
  const found = await findPackage(PROGRAM, [PROGRAM]);
  return found.path === undefined ? found : { path: join(found.path, PROGRAM) };
}

export class DockerRegistry {
  private constructor(
    /** Host and port. */
    readonly host: string,
    /** Where the registry keeps its blobs. */
    readonly folder: string,
    private readonly child: ChildProcess,
  ) {}

  /**
   * Starts an empty registry.
   *
   * @param auth lines of the registry's `auth:` section, if it shall ask for credentials
   */
  static async start(
    program: string,
    auth: (folder: string) => string = () => "",
  ): Promise<DockerRegistry> {
    for (let tries = 1; ; tries++) {
      try {
        return await DockerRegistry.startOnce(program, auth);
      } catch (error) {
        const isTaken = String((error as Error).message).includes("address already in use");
        if (!isTaken || tries === START_TRIES_MAX) throw error;
      }
    }
  }

  private static async startOnce(
    program: string,
    auth: (folder: string) => string,
  ): Promise<DockerRegistry> {
    const folder = await mkdtemp(join(tmpdir(), "ganglion-registry-"));
    const host = `127.0.0.1:${await freePort()}`;
    const config = join(folder, "config.yml");
    const settings = [
      "version: 0.1",
      "log: { level: error, accesslog: { disabled: true } }",
      `storage: { filesystem: { rootdirectory: ${join(folder, "data")} } }`,
      `http: { addr: "${host}" }`,
      auth(folder),
    ];
    await writeFile(config, `${settings.join("\n")}\n`);
    const child = spawn(program, ["serve", config], { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.setEncoding("utf8");
    child.stderr.on("data", (chunk: string) => (errors = (errors + chunk).slice(-2000)));
    const registry = new DockerRegistry(host, folder, child);
    try {
      await untilAnswering(host, child);
      return registry;
    } catch (error) {
      await registry.stop();
      throw new Error(`docker-registry did not start: ${errors}`, { cause: error });
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once("exit", resolve));
      this.child.kill("SIGKILL");
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function untilAnswering(host: string, child: ChildProcess): Promise<void> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended with status ${child.exitCode}`);
    try {
      const response = await fetch(`http://${host}/v2/`);
      await response.arrayBuffer();
      return;
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
