// What one check comes to. Four answers, and the order of the questions is the point: a failure needs
// evidence, a pass needs data. Nothing is ever compared with a value that is not there, because a
// comparison with nothing is false, and "not above the limit" would read as healthy.

import { areCounts, type Block, errorPercent } from "./arm-counts";
import type { RolloutPlan } from "./rollout-plan";
import type { Decider, RolloutState } from "./rollout-state";
import { testVerdict } from "./sequential-test";
import type { HookAnswers } from "./webhooks";

/** What was seen since the last check. */
export interface Check {
  readonly atMs: number;
  /** Undefined where the source gave nothing. */
  readonly block: Block | undefined;
  /** Why it gave nothing. */
  readonly fault?: string | undefined;
  /** The canary's latency at the plan's quantile, ms; undefined where unknown. */
  readonly latencyMs?: number | undefined;
  /** Proxies in which the filter's guard has taken the canary out. */
  readonly killed: readonly string[];
  /** Undefined where no webhook was asked. */
  readonly hooks?: HookAnswers | undefined;
}

export type Judgement =
  | { readonly kind: "roll-back"; readonly by: Decider; readonly reason: string }
  /** Not enough is known to say anything. */
  | { readonly kind: "hold"; readonly reason: string }
  /** A failed check: the step does not end, and `threshold` of them roll back. */
  | { readonly kind: "failed-check"; readonly by: Decider; readonly reason: string }
  | { readonly kind: "pass"; readonly reason: string };

/** True for a block that can be counted. */
export function isSound(block: Block | undefined): block is Block {
  return block !== undefined && areCounts(block.stable) && areCounts(block.canary);
}

/**
 * Judges a step that splits traffic.
 *
 * @param state with the check's block counted already
 */
export function judge(plan: RolloutPlan, state: RolloutState, check: Check): Judgement {
  return (
    killedByGuard(check) ??
    rejectedByTest(plan, state) ??
    askedBack(check) ??
    missing(plan, state, check) ??
    failedHook(check) ??
    overLatency(plan, check) ??
    overLimit(plan, state, check) ?? { kind: "pass", reason: figures(state.counts) }
  );
}

function killedByGuard({ killed }: Check): Judgement | undefined {
  if (killed.length === 0) return undefined;
  const who = killed.slice(0, 3).join(", ");
  const more = killed.length > 3 ? ` and ${killed.length - 3} more` : "";
  return {
    kind: "roll-back",
    by: "guard",
    reason: `the filter has taken the canary out in ${who}${more}`,
  };
}

function rejectedByTest(plan: RolloutPlan, state: RolloutState): Judgement | undefined {
  const verdict = testVerdict(state.tests, plan.tests);
  const by = verdict.rejected;
  if (by === undefined) return undefined;
  const evidence = `evidence e^${verdict[by].toFixed(1)}`;
  const limit = `${(plan.tests.limit * 100).toFixed(2)} %`;
  return {
    kind: "roll-back",
    by,
    reason:
      by === "limit"
        ? `the canary's errors are above ${limit} (${figures(state.counts)}; ${evidence})`
        : `the canary is worse than the stable arm (${figures(state.counts)}; ${evidence})`,
  };
}

/** Somebody outside wants traffic back. */
export function askedBack({ hooks }: Check): Judgement | undefined {
  const reason = hooks?.rollback;
  return reason === undefined ? undefined : { kind: "roll-back", by: "webhook", reason };
}

function failedHook({ hooks }: Check): Judgement | undefined {
  const reason = hooks?.failed;
  return reason === undefined ? undefined : { kind: "failed-check", by: "webhook", reason };
}

function missing(plan: RolloutPlan, state: RolloutState, check: Check): Judgement | undefined {
  const hold = (reason: string): Judgement => ({ kind: "hold", reason });
  if (!isSound(check.block)) return hold(check.fault ?? "no data");
  if (check.block.canary.requests === 0) return hold("no new requests of the canary");
  const compared = plan.compares && state.weight < 100;
  if (compared && check.block.stable.requests === 0) {
    return hold("no new requests of the stable arm");
  }
  const { requests } = state.counts.canary;
  if (requests < plan.requestsMin) {
    return hold(`${requests} of ${plan.requestsMin} requests of the canary`);
  }
  const { latencyMs } = check;
  if (plan.latency !== undefined && (latencyMs === undefined || !Number.isFinite(latencyMs))) {
    return hold("no latency of the canary");
  }
  return undefined;
}

function overLatency(plan: RolloutPlan, { latencyMs }: Check): Judgement | undefined {
  if (plan.latency === undefined || latencyMs === undefined) return undefined;
  const { msMax, quantile } = plan.latency;
  if (latencyMs <= msMax) return undefined;
  const name = `p${Number((quantile * 100).toFixed(1))}`;
  return {
    kind: "failed-check",
    by: "latency",
    reason: `${name} ${latencyMs.toFixed(0)} ms > ${msMax} ms`,
  };
}

/** The plain rule, asked when the step's time is over: the share of the whole step. */
function overLimit(plan: RolloutPlan, state: RolloutState, check: Check): Judgement | undefined {
  if (!isWaitOver(plan, state, check.atMs)) return undefined;
  const percent = errorPercent(state.counts.canary);
  const limit = plan.tests.limit * 100;
  if (percent === undefined || percent <= limit) return undefined;
  return {
    kind: "failed-check",
    by: "limit",
    reason: `errors ${percent.toFixed(2)} % > ${limit.toFixed(2)} %`,
  };
}

export function isWaitOver(plan: RolloutPlan, state: RolloutState, atMs: number): boolean {
  return atMs - state.stepStartedMs >= (plan.steps[state.step]?.waitMs ?? 0);
}

/** `canary 12/240 = 5.00 %, stable 46/4560 = 1.01 %`. */
export function figures({ stable, canary }: Block): string {
  const share = (name: string, counts: Block["stable"]): string => {
    const percent = errorPercent(counts);
    const shown = percent === undefined ? "" : ` = ${percent.toFixed(2)} %`;
    return `${name} ${counts.errors}/${counts.requests}${shown}`;
  };
  return `${share("canary", canary)}, ${share("stable", stable)}`;
}
