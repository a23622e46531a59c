// A real OCI registry, Debian's docker-registry, on a free loopback port. It is found on PATH or
// unpacked (not installed) into the project's cache. Where it cannot be had the caller is told why:
// tests then say so and skip, and fail instead in CI, where a silent skip would read as a pass.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import {
  access,
  constants,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const PROGRAM = "docker-registry";
const CACHE = fileURLToPath(new URL("../../.cache/docker-registry", import.meta.url));
const START_TIMEOUT_MS = 20_000;
const POLL_MS = 50;

export type Found =
  | { readonly path: string; readonly missing?: undefined }
  | { readonly path?: undefined; readonly missing: string };

/** The registry's program, or why there is none; throws that reason when CI=true. */
export async function findDockerRegistry(): Promise<Found> {
  const cached = join(CACHE, "usr", "bin", PROGRAM);
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  for (const candidate of [...folders.map((folder) => join(folder, PROGRAM)), cached]) {
    if (await isExecutable(candidate)) return { path: candidate };
  }
  try {
    await unpackFromDebian();
    return { path: cached };
  } catch (error) {
    return missing(
      `docker-registry is neither on PATH nor to be had from apt: ${firstLine(error)}`,
    );
  }
}

/** Says on stderr why a suite does not run; in CI that is a failure. */
export function missing(reason: string): Found {
  if (process.env["CI"] === "true") throw new Error(reason);
  process.stderr.write(`SKIPPED: ${reason}\n`);
  return { missing: reason };
}

async function unpackFromDebian(): Promise<void> {
  await mkdir(join(CACHE, ".."), { recursive: true });
  const draft = await mkdtemp(`${CACHE}-`);
  try {
    const download = () => run("apt-get", ["download", "-q", PROGRAM], { cwd: draft });
    await download().catch(async () => {
      await run("apt-get", ["update", "-q"]);
      await download();
    });
    const archive = (await readdir(draft)).find((name) => name.endsWith(".deb"));
    if (archive === undefined) throw new Error("apt-get download left no .deb");
    await run("dpkg", ["-x", join(draft, archive), draft]);
    await rm(join(draft, archive));
    await rm(CACHE, { recursive: true, force: true });
    await rename(draft, CACHE);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
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

/** A port that was free a moment ago: the registry cannot tell which one it took for port 0. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error)
    .split("\n")
    .slice(0, 2)
    .join(" ");
}
