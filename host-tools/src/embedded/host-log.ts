// Log lines of the guests and of the host itself, in order, bounded: ten million requests must not
// fill the heap because a filter logs once per request.

import type { LogLevelName } from "./abi";

export interface LogLine {
  readonly level: LogLevelName;
  readonly message: string;
  /** "worker 0", "main", "canary", "base". */
  readonly vm: string;
  /** Worker index, -1 on the main thread. */
  readonly worker: number;
  /** True when the host wrote it (a trap, a refused configuration), false for proxy_log. */
  readonly fromHost: boolean;
  readonly atNs: number;
}

export class HostLog implements Iterable<LogLine> {
  private readonly lines: LogLine[] = [];
  /** Lines not kept because the limit was reached. */
  dropped = 0;

  constructor(private readonly limit: number) {}

  add(line: LogLine): void {
    if (this.lines.length >= this.limit) this.dropped++;
    else this.lines.push(line);
  }

  get length(): number {
    return this.lines.length;
  }

  /** The messages, all or those of one level. */
  messages(level?: LogLevelName): string[] {
    const wanted = level === undefined ? this.lines : this.lines.filter((l) => l.level === level);
    return wanted.map((line) => line.message);
  }

  clear(): void {
    this.lines.length = 0;
    this.dropped = 0;
  }

  [Symbol.iterator](): Iterator<LogLine> {
    return this.lines[Symbol.iterator]();
  }
}
