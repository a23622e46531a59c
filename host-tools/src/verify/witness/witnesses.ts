// All witnesses, in the order of their rules' names.

import { abortUnseenByBreaker } from "./abort-unseen-by-breaker";
import { breakerCannotOpen } from "./breaker-cannot-open";
import { delayUnseenByTimeout } from "./delay-unseen-by-timeout";
import { denyOverAllow } from "./deny-over-allow";
import { deprecatedAppend } from "./deprecated-append";
import { headSamplingOfErrors } from "./head-sampling-of-errors";
import { limitCannotFire } from "./limit-cannot-fire";
import { mirrorOfPaid } from "./mirror-of-paid";
import { randomBalancing } from "./random-balancing";
import { retriable4xxIs409 } from "./retriable-4xx-is-409";
import { retriesExceedTimeout } from "./retries-exceed-timeout";
import { retryAmplification } from "./retry-amplification";
import { retryOfPaidPost } from "./retry-of-paid-post";
import { sourceAndForOr } from "./source-and-for-or";
import { streamWithRetries } from "./stream-with-retries";
import { timeoutChain } from "./timeout-chain";
import { unknownSubset } from "./unknown-subset";
import { unreachableRoute } from "./unreachable-route";
import type { Witness } from "./witness";

export const WITNESSES: readonly Witness[] = [
  abortUnseenByBreaker,
  breakerCannotOpen,
  delayUnseenByTimeout,
  denyOverAllow,
  deprecatedAppend,
  headSamplingOfErrors,
  limitCannotFire,
  mirrorOfPaid,
  randomBalancing,
  retriable4xxIs409,
  retriesExceedTimeout,
  retryAmplification,
  retryOfPaidPost,
  sourceAndForOr,
  streamWithRetries,
  timeoutChain,
  unknownSubset,
  unreachableRoute,
];

export function witnessOf(rule: string): Witness | undefined {
  return WITNESSES.find((witness) => witness.rule === rule);
}
