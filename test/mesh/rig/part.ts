// One program of a mesh: started, awaited until it answers, ended politely or not at all politely, started
// again with the same arguments. What it prints goes to a file, since nobody reads five logs until one of
// them holds the reason.

import { closeSync, openSync, readFileSync } from "node:fs";
import { spawnGuarded, type GuardedChild } from "../../../host-tools/src/rig";

export interface PartSpec {
  /** For messages. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly folder?: string;
  readonly logPath: string;
  /** Whether it does its work now; polled. A rejection counts as no. */
  readonly isReady: () => Promise<boolean>;
  readonly readyTimeoutMs: number;
  /** SIGTERM, then SIGKILL after this. */
  readonly graceMs?: number;
}

const POLL_MS = 25;
const LAST_LINES = 15;

export class Part {
  private child: GuardedChild | undefined;

  constructor(private readonly spec: PartSpec) {}

  get name(): string {
    return this.spec.name;
  }

  get isRunning(): boolean {
    const child = this.child?.process;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  get pid(): number | undefined {
    return this.isRunning ? this.child?.process.pid : undefined;
  }

  /** Starts the program and waits until it is ready. @throws Error with the last lines of its log */
  async start(): Promise<void> {
    this.spawn();
    await this.untilReady();
  }

  /** Starts the program without waiting for it. */
  spawn(): void {
    if (this.isRunning) throw new Error(`${this.name} runs already`);
    const log = openSync(this.spec.logPath, "a");
    this.child = spawnGuarded(this.spec.program, this.spec.args, {
      stdio: ["ignore", log, log],
      env: (this.spec.env ?? process.env) as NodeJS.ProcessEnv,
      ...(this.spec.folder === undefined ? {} : { cwd: this.spec.folder }),
    });
    closeSync(log);
  }

  /** @throws Error with the last lines of the log if the program ends, or takes too long */
  async untilReady(): Promise<void> {
    const deadlineMs = performance.now() + this.spec.readyTimeoutMs;
    let ended: string | undefined;
    void this.child?.exited.then((exit) => {
      ended = exit.error?.message ?? `ended with ${exit.signal ?? `status ${exit.code}`}`;
    });
    for (;;) {
      if (await this.spec.isReady().catch(() => false)) return;
      if (ended !== undefined) throw this.failure(ended);
      if (performance.now() > deadlineMs) {
        throw this.failure(`was not ready within ${this.spec.readyTimeoutMs} ms`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** SIGTERM and, after the grace, SIGKILL; resolves when it is gone. Idempotent. */
  async stop(): Promise<void> {
    await this.child?.stop(this.spec.graceMs ?? 3000);
  }

  /** kill -9 of the program and of what it started. */
  async kill(): Promise<void> {
    await this.child?.stop(0);
  }

  /** Lines of its log so far, or only those that contain `part`. */
  logLines(part = ""): string[] {
    let text = "";
    try {
      text = readFileSync(this.spec.logPath, "utf8");
    } catch {
      return []; // not started yet
    }
    return text.split("\n").filter((line) => line !== "" && line.includes(part));
  }

  private failure(reason: string): Error {
    return new Error(`${this.name} ${reason}\n${this.logLines().slice(-LAST_LINES).join("\n")}`);
  }
}
