// The filter's guard of a canary, written again from its rules: the twin of
// assembly/state/canary-state.ts, for tests and for figures that need more answers than a filter is
// asked in a test.

import { CANARY_ERROR_STEP_Q16, CANARY_SUCCESS_STEP_Q16 } from "../contract";
import type { GuardSteps } from "./guard-steps";
import { ReferenceComparison } from "./reference-comparison";

/** Evidence is counted no further. */
const EVIDENCE_MAX_Q16 = 2 ** 24;

export class ReferenceGuard {
  evidenceQ16 = 0;
  comparisonQ16 = 0;
  aboveQ16 = 0;
  requests = 0;
  errors = 0;
  isKilled = false;

  private readonly comparisons: readonly ReferenceComparison[];

  /**
   * @param requestsMin answers before which nothing is killed
   * @param odds of an error over the stable arm's that the comparison looks for; 0 compares nothing
   * @param workers each of which sees a part of the stable arm's answers
   */
  constructor(
    private readonly steps: GuardSteps,
    private readonly requestsMin: number,
    odds = 0,
    workers = 1,
  ) {
    const count = odds === 0 ? 0 : workers;
    this.comparisons = Array.from({ length: count }, () => new ReferenceComparison(odds));
  }

  /** One answer of the stable arm. */
  stableAnswer(isError: boolean, worker = 0): void {
    this.comparisons[worker]?.stable(isError);
  }

  /** One answer of the canary. @returns whether it is killed now */
  answer(isError: boolean, worker = 0): boolean {
    if (this.isKilled) return true;
    const { errorStepQ16, successStepQ16, thresholdQ16 } = this.steps;
    const compared = this.comparisons[worker]?.canary(isError) ?? 0;
    this.evidenceQ16 = this.moved(this.evidenceQ16, isError ? errorStepQ16 : -successStepQ16);
    this.comparisonQ16 = this.moved(this.comparisonQ16, compared);
    this.requests++;
    if (isError) this.errors++;
    const aboveQ16 = isError ? CANARY_ERROR_STEP_Q16 : -CANARY_SUCCESS_STEP_Q16;
    this.aboveQ16 = this.moved(this.aboveQ16, aboveQ16);
    const isWorse = this.comparisonQ16 >= thresholdQ16 && this.aboveQ16 >= thresholdQ16;
    const isBad = this.evidenceQ16 >= thresholdQ16 || isWorse;
    this.isKilled = isBad && this.requests >= this.requestsMin;
    return this.isKilled;
  }

  private moved(evidenceQ16: number, stepQ16: number): number {
    return Math.max(-this.steps.floorQ16, Math.min(evidenceQ16 + stepQ16, EVIDENCE_MAX_Q16));
  }
}
