// An Envoy of our own: started from a bootstrap object, awaited until it takes traffic, read,
// stopped. Every port may be 0: Envoy tells what it got, the admin's by file and the listeners' by
// the admin, so two rigs never race for a port. Hot restart is off, so there is no base id to
// collide on and no shared memory to leave behind.

import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GanglionError } from "../lib/errors";
import type { Bootstrap } from "./bootstrap";
import { EnvoyAdmin } from "./envoy-admin";
import { scratchDir, spawnGuarded, type ChildExit, type GuardedChild } from "./process-guard";
import { cpuTimeUs, residentBytes, threadCpuTimeUs } from "./process-usage";

export type EnvoyLogLevel = "trace" | "debug" | "info" | "warning" | "error" | "off";

export interface StartEnvoyOptions {
  /** The executable, from `findEnvoy`. */
  readonly binary: string;
  readonly bootstrap: Bootstrap;
  /** Worker threads. */
  readonly concurrency: number;
  /** Default `warning`. */
  readonly logLevel?: EnvoyLogLevel;
  /** Default `{ wasm: "info" }`. */
  readonly componentLogLevels?: Readonly<Record<string, EnvoyLogLevel>>;
  readonly extraArgs?: readonly string[];
  /** Default 20 s. */
  readonly readyTimeoutMs?: number;
}

const POLL_MS = 20;
const LAST_LINES = 12;

export class EnvoyProcess {
  constructor(
    private readonly child: GuardedChild,
    readonly admin: EnvoyAdmin,
    private readonly ports: ReadonlyMap<string, number>,
    private readonly logPath: string,
  ) {}

  get pid(): number {
    return this.child.process.pid as number;
  }

  /** False as soon as the process has ended, for whatever reason. */
  get isRunning(): boolean {
    return this.child.process.exitCode === null && this.child.process.signalCode === null;
  }

  /** Resolves when the process is gone, with how it went; a crash shows here first. */
  get exited(): Promise<ChildExit> {
    return this.child.exited;
  }

  /** Loopback port of a listener. @throws GanglionError E_ENVOY_LISTENER */
  port(listenerName: string): number {
    const port = this.ports.get(listenerName);
    if (port !== undefined) return port;
    const names = [...this.ports.keys()].join(", ");
    throw new GanglionError("E_ENVOY_LISTENER", `no listener ${listenerName}, only ${names}`);
  }

  /** CPU time of all threads so far, microseconds. */
  cpuTimeUs(): number {
    return cpuTimeUs(this.pid);
  }

  /** CPU time of the workers alone, without the main thread and V8's helpers; Linux only. */
  workerCpuTimeUs(concurrency: number): number {
    let sumUs = 0;
    for (let i = 0; i < concurrency; i++) sumUs += threadCpuTimeUs(this.pid, `wrk:worker_${i}`);
    return sumUs;
  }

  residentBytes(): number {
    return residentBytes(this.pid);
  }

  /** Everything logged so far, or only the lines that contain `part`. */
  logLines(part = ""): string[] {
    return readLog(this.logPath).filter((line) => line.includes(part));
  }

  /** SIGTERM, then SIGKILL; resolves when the process is gone. */
  async stop(): Promise<void> {
    await this.child.stop();
  }
}

/** @throws GanglionError E_ENVOY_START with the last log lines */
export async function startEnvoy(options: StartEnvoyOptions): Promise<EnvoyProcess> {
  const dir = scratchDir("envoy");
  const logPath = join(dir, "envoy.log");
  const adminPath = join(dir, "admin-address");
  const bootstrapPath = join(dir, "bootstrap.json");
  writeFileSync(bootstrapPath, JSON.stringify(options.bootstrap, null, 2));
  const log = openSync(logPath, "w");
  const child = spawnGuarded(options.binary, envoyArgs(options, bootstrapPath, adminPath), {
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  try {
    const admin = await awaitReady(child, adminPath, logPath, options.readyTimeoutMs ?? 20_000);
    return new EnvoyProcess(child, admin, await admin.listenerPorts(), logPath);
  } catch (error) {
    await child.stop();
    throw error;
  }
}

function envoyArgs(options: StartEnvoyOptions, bootstrapPath: string, adminPath: string): string[] {
  const components = options.componentLogLevels ?? { wasm: "info" };
  const levels = Object.entries(components).map(([component, level]) => `${component}:${level}`);
  const args = ["--config-path", bootstrapPath, "--admin-address-path", adminPath];
  args.push("--concurrency", String(options.concurrency), "--disable-hot-restart");
  args.push("--log-level", options.logLevel ?? "warning");
  if (levels.length > 0) args.push("--component-log-level", levels.join(","));
  return [...args, ...(options.extraArgs ?? [])];
}

async function awaitReady(
  child: GuardedChild,
  adminPath: string,
  logPath: string,
  timeoutMs: number,
): Promise<EnvoyAdmin> {
  const deadlineMs = performance.now() + timeoutMs;
  let ended: string | undefined;
  void child.exited.then((exit) => {
    ended = exit.error?.message ?? `ended with ${exit.signal ?? `status ${exit.code}`}`;
  });
  while (performance.now() < deadlineMs) {
    if (ended !== undefined) throw startFailure(ended, logPath);
    const address = existsSync(adminPath) ? readFileSync(adminPath, "utf8") : "";
    const port = Number(/:(\d+)\s*$/.exec(address)?.[1] ?? 0);
    if (port > 0) {
      const admin = new EnvoyAdmin(port);
      if (await admin.isReady()) return admin;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw startFailure(`was not ready within ${timeoutMs} ms`, logPath);
}

function startFailure(reason: string, logPath: string): GanglionError {
  const lines = readLog(logPath).slice(-LAST_LINES).join("\n");
  return new GanglionError("E_ENVOY_START", `Envoy ${reason}\n${lines}`.trimEnd(), {
    hint: "The lines above are the end of Envoy's log.",
  });
}

function readLog(path: string): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}
