// Runs one of the rig's own programs (upstreams, load generator) as a guarded child process and
// talks to it over Node's IPC. Processes rather than worker threads: each has its own event loop
// AND its own CPU account, which a bench reads, and a busy one cannot slow the terminal view.
//
// The child's script is `rig-child.mjs` beside the built bundle. When there is none (tests run the
// sources), it is bundled on the spot from child-main.ts.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { GanglionError } from "../lib/errors";
import { scratchDir, spawnGuarded, type GuardedChild } from "./process-guard";
import { cpuTimeUs, residentBytes } from "./process-usage";

export type ChildRole = "upstreams" | "load";

/** What travels to the child; `call` is answered by exactly one `reply` of the same id. */
export interface CallMessage {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}

export type ChildMessage =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: string }
  | { readonly event: string; readonly value: unknown };

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A running child program: call its methods, listen to its events, stop it. */
export class ChildProgram {
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;
  private stderr = "";
  onEvent: (event: string, value: unknown) => void = () => {};

  constructor(
    private readonly role: ChildRole,
    private readonly child: GuardedChild,
  ) {
    child.process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr = (this.stderr + text).slice(-4000);
    });
    child.process.on("message", (message) => this.receive(message as ChildMessage));
    void child.exited.then((exit) => {
      const how = exit.error?.message ?? exit.signal ?? `status ${exit.code}`;
      this.failAll(`the ${role} process ended (${how}): ${this.stderr.trim() || "no message"}`);
    });
  }

  get pid(): number {
    return this.child.process.pid as number;
  }

  /** @throws GanglionError E_RIG_CHILD if the method throws or the process ends first */
  call(method: string, argument?: unknown): Promise<unknown> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      const message: CallMessage = { id, method, argument };
      this.child.process.send(message, (error) => {
        if (error) this.failAll(`cannot reach the ${this.role} process: ${error.message}`);
      });
    });
  }

  cpuTimeUs(): number {
    return cpuTimeUs(this.pid);
  }

  residentBytes(): number {
    return residentBytes(this.pid);
  }

  async stop(): Promise<void> {
    await this.child.stop();
  }

  private receive(message: ChildMessage): void {
    if ("event" in message) return this.onEvent(message.event, message.value);
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if ("failure" in message) waiting?.reject(childError(message.failure));
    else waiting?.resolve(message.result);
  }

  private failAll(reason: string): void {
    for (const waiting of this.waiting.values()) waiting.reject(childError(reason));
    this.waiting.clear();
  }
}

function childError(message: string): GanglionError {
  return new GanglionError("E_RIG_CHILD", message);
}

/** Starts the program; it is gone when `stop` resolves or when this process is gone. */
export async function startChildProgram(role: ChildRole): Promise<ChildProgram> {
  const script = await childScript();
  const child = spawnGuarded(process.execPath, ["--enable-source-maps", script, role], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "advanced",
  });
  return new ChildProgram(role, child);
}

let builtScript: Promise<string> | undefined;

function childScript(): Promise<string> {
  const here = dirname(fileURLToPath(import.meta.url));
  const sibling = join(here, "rig-child.mjs");
  if (existsSync(sibling)) return Promise.resolve(sibling);
  builtScript ??= bundleFromSource(here);
  return builtScript;
}

async function bundleFromSource(here: string): Promise<string> {
  const entry = findSource(here);
  const outfile = join(scratchDir("rig-child"), "rig-child.mjs");
  const bundler = "esbuild"; // a variable, so that bundling this file does not pull the bundler in
  const esbuild = (await import(bundler)) as typeof import("esbuild");
  await esbuild.build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    sourcemap: "inline",
    logLevel: "silent",
  });
  return outfile;
}

function findSource(here: string): string {
  for (let dir = here; ; dir = dirname(dir)) {
    const candidates = [join(dir, "child-main.ts"), join(dir, "host-tools/src/rig/child-main.ts")];
    const found = candidates.find(existsSync);
    if (found) return found;
    if (dir === dirname(dir)) break;
  }
  throw new GanglionError("E_RIG_CHILD", `there is no rig-child.mjs in ${here}`, {
    hint: "Run `npm run build` again: it writes rig-child.mjs beside the bundle.",
  });
}
