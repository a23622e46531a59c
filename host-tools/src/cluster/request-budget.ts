// How many requests a tool of ours may send: a bucket that refills, so that a loop that has gone
// wrong, or a hundred pipelines at once, cannot become the API server's problem. Whoever finds it
// empty waits.

import type { RetryClock } from "../oci/retry";

const BURST_REQUESTS = 100;
const REQUESTS_PER_SECOND = 20;

export class RequestBudget {
  private tokens = BURST_REQUESTS;
  private filledMs: number;

  constructor(private readonly clock: RetryClock) {
    this.filledMs = clock.nowMs();
  }

  /** Takes one request, after waiting for it where none is left. */
  async take(): Promise<void> {
    const nowMs = this.clock.nowMs();
    const gained = (Math.max(0, nowMs - this.filledMs) * REQUESTS_PER_SECOND) / 1000;
    this.tokens = Math.min(BURST_REQUESTS, this.tokens + gained) - 1;
    this.filledMs = nowMs;
    if (this.tokens < 0) await this.clock.sleep((-this.tokens * 1000) / REQUESTS_PER_SECOND);
  }
}
