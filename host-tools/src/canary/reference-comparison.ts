// The comparison of a canary with the stable arm beside it, as the filter's guard makes it, written again
// from its rules: the twin of assembly/state/stable-comparison.ts, of one worker.

/** What is believed of the stable arm before it is seen: 1 % of 200 answers. */
const PRIOR = { requests: 200, errors: 2 };
/** A block is not older than so many answers. */
const BLOCK_MAX = 1000;
/** Answers that are remembered; twice as many are halved. */
const PAST_MAX = 20_000;
const EVIDENCE_MAX_Q16 = 2 ** 24;

export class ReferenceComparison {
  private block = { requests: 0, errors: 0 };
  private past = { requests: 0, errors: 0 };

  /** @param odds a bad canary's odds of an error over the stable arm's */
  constructor(private readonly odds: number) {}

  /** One answer of the stable arm. */
  stable(isError: boolean): void {
    this.block.requests++;
    if (isError) this.block.errors++;
    if (this.block.requests >= BLOCK_MAX) this.close();
  }

  /** One answer of the canary. @returns natural logarithm, Q16 */
  canary(isError: boolean): number {
    const { requests, errors } = this.block;
    if (requests === 0) return 0;
    const stable = (this.past.errors + PRIOR.errors) / (this.past.requests + PRIOR.requests);
    this.close();
    const lifted = (stable / (1 - stable)) * this.odds;
    const canary = lifted / (1 + lifted);
    const both = (requests * stable + canary) / (requests + 1);
    const nats =
      (isError ? Math.log(canary / both) : Math.log((1 - canary) / (1 - both))) +
      errors * Math.log(stable / both) +
      (requests - errors) * Math.log((1 - stable) / (1 - both));
    return Math.floor(Math.max(-EVIDENCE_MAX_Q16, Math.min(EVIDENCE_MAX_Q16, nats * 65_536)));
  }

  private close(): void {
    this.past.requests += this.block.requests;
    this.past.errors += this.block.errors;
    this.block = { requests: 0, errors: 0 };
    if (this.past.requests < 2 * PAST_MAX) return;
    this.past = { requests: this.past.requests >>> 1, errors: this.past.errors >>> 1 };
  }
}
