// All rules, in the order of docs/rules/README.md. A new one is a file beside this and a line here.

import type { Rule } from "../rule";
import { abortUnseenByBreaker } from "./abort-unseen-by-breaker";
import { breakerCannotOpen } from "./breaker-cannot-open";
import { callerNotAllowed } from "./caller-not-allowed";
import { clientErrorsBlamed } from "./client-errors-blamed";
import { delayUnseenByTimeout } from "./delay-unseen-by-timeout";
import { denyOverAllow } from "./deny-over-allow";
import { deprecatedAppend } from "./deprecated-append";
import { destinationRuleTwice } from "./destination-rule-twice";
import { egressBypass } from "./egress-bypass";
import { gatewayHostTwice } from "./gateway-host-twice";
import { headSamplingOfErrors } from "./head-sampling-of-errors";
import { hostOwnedTwice } from "./host-owned-twice";
import { ignoreWithoutReason } from "./ignore-without-reason";
import { limitCannotFire } from "./limit-cannot-fire";
import { metricLabelShortHost } from "./metric-label-short-host";
import { mirrorOfPaid } from "./mirror-of-paid";
import { plaintextToStrict } from "./plaintext-to-strict";
import { principalWithoutMtls } from "./principal-without-mtls";
import { randomBalancing } from "./random-balancing";
import { remoteLocalitiesMisread } from "./remote-localities-misread";
import { removedCommand } from "./removed-command";
import { retriable4xxIs409 } from "./retriable-4xx-is-409";
import { retriesExceedTimeout } from "./retries-exceed-timeout";
import { retryAmplification } from "./retry-amplification";
import { retryOfPaidPost } from "./retry-of-paid-post";
import { routeRefused } from "./route-refused";
import { shortNameElsewhere } from "./short-name-elsewhere";
import { sidecarHidesCallee } from "./sidecar-hides-callee";
import { sidecarShortHost } from "./sidecar-short-host";
import { sourceAndForOr } from "./source-and-for-or";
import { streamWithRetries } from "./stream-with-retries";
import { subsetWithoutPods } from "./subset-without-pods";
import { timeoutChain } from "./timeout-chain";
import { timeoutSequence } from "./timeout-sequence";
import { unknownAnnotation } from "./unknown-annotation";
import { unknownProfile } from "./unknown-profile";
import { unknownSubset } from "./unknown-subset";
import { unreachableRoute } from "./unreachable-route";
import { verdictOnNoData } from "./verdict-on-no-data";
import { weightsNot100 } from "./weights-not-100";
import { workersOverCpu } from "./workers-over-cpu";
import {
  imageWithoutDigest,
  pluginFailReload,
  pluginMeshWide,
  pluginWithoutEpoch,
} from "./plugin-rules";

export const RULES: readonly Rule[] = [
  hostOwnedTwice,
  sidecarShortHost,
  verdictOnNoData,
  metricLabelShortHost,
  abortUnseenByBreaker,
  delayUnseenByTimeout,
  breakerCannotOpen,
  denyOverAllow,
  sourceAndForOr,
  retriesExceedTimeout,
  retriable4xxIs409,
  retryOfPaidPost,
  timeoutChain,
  timeoutSequence,
  retryAmplification,
  unknownProfile,
  removedCommand,
  unknownAnnotation,
  workersOverCpu,
  limitCannotFire,
  deprecatedAppend,
  remoteLocalitiesMisread,
  clientErrorsBlamed,
  headSamplingOfErrors,
  mirrorOfPaid,
  randomBalancing,
  egressBypass,
  unreachableRoute,
  unknownSubset,
  subsetWithoutPods,
  weightsNot100,
  streamWithRetries,
  shortNameElsewhere,
  principalWithoutMtls,
  plaintextToStrict,
  callerNotAllowed,
  sidecarHidesCallee,
  destinationRuleTwice,
  gatewayHostTwice,
  routeRefused,
  imageWithoutDigest,
  pluginFailReload,
  pluginMeshWide,
  pluginWithoutEpoch,
  ignoreWithoutReason,
];
