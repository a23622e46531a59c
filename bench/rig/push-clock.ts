// Relates what this process does (a push) to what the load generator's process sees (a request).
// Both count milliseconds of the same monotonic clock from different zeros; each progress report
// carries the generator's time, and the report that travelled fastest gives the zero best.

export class PushClock {
  private zeroMs = Infinity;

  /** To be called when a report of the generator arrives. */
  note(elapsedMs: number): void {
    this.zeroMs = Math.min(this.zeroMs, performance.now() - elapsedMs);
  }

  get isKnown(): boolean {
    return Number.isFinite(this.zeroMs);
  }

  /** Milliseconds since the run's start, for a time of this process. */
  runMs(nowMs = performance.now()): number {
    return nowMs - this.zeroMs;
  }

  /** Resolves when the run has lasted that long. */
  async until(runMs: number): Promise<void> {
    while (!this.isKnown || this.runMs() < runMs) {
      const leftMs = this.isKnown ? runMs - this.runMs() : 10;
      await new Promise((resolve) => setTimeout(resolve, Math.max(1, Math.min(leftMs, 50))));
    }
  }
}
