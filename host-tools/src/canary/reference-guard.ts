// The filter's guard of a canary, written again from its rules: the twin of
// assembly/state/canary-state.ts, for tests and for figures that need more answers than a filter is
// asked in a test.

import type { GuardSteps } from "./guard-steps";

/** Evidence is counted no further. */
const EVIDENCE_MAX_Q16 = 2 ** 24;

export class ReferenceGuard {
  evidenceQ16 = 0;
  requests = 0;
  errors = 0;
  isKilled = false;

  /** @param requestsMin answers before which nothing is killed */
  constructor(
    private readonly steps: GuardSteps,
    private readonly requestsMin: number,
  ) {}

  /** One answer of the canary. @returns whether it is killed now */
  answer(isError: boolean): boolean {
    if (this.isKilled) return true;
    const { errorStepQ16, successStepQ16, thresholdQ16, floorQ16 } = this.steps;
    const moved = this.evidenceQ16 + (isError ? errorStepQ16 : -successStepQ16);
    this.evidenceQ16 = Math.max(-floorQ16, Math.min(moved, EVIDENCE_MAX_Q16));
    this.requests++;
    if (isError) this.errors++;
    this.isKilled = this.requests >= this.requestsMin && this.evidenceQ16 >= thresholdQ16;
    return this.isKilled;
  }
}
