// Decides, before anything is sent, how one request will be answered. Pure, so that the laws and
// the faults are tested without sockets or time.

import type { Prng } from "../../lib/prng";
import type { FaultState } from "./fault-schedule";
import { drawServiceTime, type LatencyLaw, type TokenCounts } from "./latency-law";

export interface ReplyPlan {
  readonly kind: "answer" | "error" | "reset" | "blackHole";
  readonly status: number;
  /** From arrival (or from getting a slot) to the answer or its first token. */
  readonly delayMs: number;
  readonly perTokenMs: number;
}

/** Draws latency, error coin, reset coin, always in this order: no fault may shift the stream. */
export function planReply(
  law: LatencyLaw,
  fault: FaultState,
  prng: Prng,
  tokens: TokenCounts,
): ReplyPlan {
  const time = drawServiceTime(law, prng, tokens);
  const isError = prng.below(1000) < fault.errorPermille;
  const isReset = prng.below(1000) < fault.resetPermille;
  const delayMs = time.firstMs * fault.latencyFactor;
  const perTokenMs = time.perTokenMs;
  if (fault.blackHole) return { kind: "blackHole", status: 0, delayMs, perTokenMs };
  if (isReset) return { kind: "reset", status: 0, delayMs, perTokenMs };
  if (isError) {
    const errorDelayMs = fault.failFastMs ?? delayMs;
    return { kind: "error", status: fault.errorStatus, delayMs: errorDelayMs, perTokenMs };
  }
  return { kind: "answer", status: 200, delayMs, perTokenMs };
}
