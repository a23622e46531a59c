// Upstreams for a demo, a bench or a test: one child process that listens on one port per upstream.

import { startChildProgram, type ChildProgram } from "../child-program";
import type { UpstreamChange } from "./upstream-program";
import type { UpstreamCounts, UpstreamSpec } from "./upstream-server";

export class Upstreams {
  constructor(
    private readonly program: ChildProgram,
    /** Loopback port by upstream name. */
    readonly ports: Readonly<Record<string, number>>,
  ) {}

  get pid(): number {
    return this.program.pid;
  }

  /** Loopback port of one upstream. @throws Error if there is none of that name */
  port(name: string): number {
    const port = this.ports[name];
    if (port === undefined) throw new Error(`no upstream ${name}`);
    return port;
  }

  /** Time zero of all fault schedules; counts and randomness begin anew. */
  async start(): Promise<void> {
    await this.program.call("start");
  }

  /** Changes law, faults, slots, body or seed of one upstream. */
  async configure(name: string, change: UpstreamChange): Promise<void> {
    await this.program.call("configure", { name, change });
  }

  counts(): Promise<Record<string, UpstreamCounts>> {
    return this.program.call("counts") as Promise<Record<string, UpstreamCounts>>;
  }

  cpuTimeUs(): number {
    return this.program.cpuTimeUs();
  }

  residentBytes(): number {
    return this.program.residentBytes();
  }

  async stop(): Promise<void> {
    await this.program.stop();
  }
}

/** Starts the upstreams and returns when all ports are bound. Faults begin at `start()`. */
export async function startUpstreams(
  specs: readonly UpstreamSpec[],
  options: { readonly seed: number },
): Promise<Upstreams> {
  const program = await startChildProgram("upstreams");
  try {
    const ports = await program.call("open", { specs, seed: options.seed });
    return new Upstreams(program, ports as Record<string, number>);
  } catch (error) {
    await program.stop();
    throw error;
  }
}
