// What a scorer finds, for its card: made-up faults of every kind on routes that nothing was trained or
// calibrated on, and healthy traffic of the same sort. A sketch beside the fault suite, which runs
// through the whole filter and takes minutes; but one that every card has, measured alike.

import { seededPrng } from "../lib/prng";
import { extractFeatures } from "../model/feature-extractor";
import type { ScorerArtifact } from "../model/scorer-artifact";
import { measureDetection } from "../training/detection";
import { drawProfile } from "../training/route-profile";
import { FAULT_KINDS, type FaultKind } from "../training/synthetic-faults";
import { generateRoute, healthyTraffic } from "../training/synthetic-traffic";
import type { CardDetection, CardFacts } from "./model-card";

const SEED = 5;
/** Routes a fault is tried on, one episode each. */
const ROUTES = 8;
/** Requests before a fault and after it. */
const BEFORE = 800;
/** An episode: so many requests and half a minute, if that is not too many. */
const LAST = { requests: 300, mostRequests: 1000, ms: 30_000 } as const;
const HEALTHY = { routes: 12, requests: 2000 } as const;

const SET = "made-up routes";

/** @param report told what is being measured, and how far */
export function measureScorer(
  artifact: ScorerArtifact,
  report: (line: string) => void = () => undefined,
): Required<Pick<CardFacts, "detection" | "false_alarms">> {
  const detection = FAULT_KINDS.map((kind, i) => {
    report(`measuring ${kind}, ${i + 1} of ${FAULT_KINDS.length} kinds of fault`);
    return underFault(artifact, kind);
  });
  const { routes, requests } = HEALTHY;
  const healthy = extractFeatures(healthyTraffic(SEED, "card", routes, requests));
  const alarms = measureDetection(artifact, healthy);
  return {
    detection,
    false_alarms: {
      set: SET,
      requests: alarms.healthyRequests,
      alarms: alarms.falseAlarms,
      nominal: 10 ** (-artifact.thresholdEvidence / 256),
    },
  };
}

function underFault(artifact: ScorerArtifact, kind: FaultKind): CardDetection {
  const random = seededPrng(SEED).fork(`card-${kind}`);
  const traffic = Array.from({ length: ROUTES }, (_, index) => {
    const own = random.fork(`route-${index}`);
    const profile = drawProfile(own, index);
    const fromMs = 1000 + (BEFORE * 1000) / profile.rateHz;
    const least = Math.max(LAST.requests, (LAST.ms * profile.rateHz) / 1000);
    const requests = Math.round(Math.min(LAST.mostRequests, least));
    const toMs = fromMs + (requests * 1000) / profile.rateHz;
    return generateRoute(profile, 2 * BEFORE + requests, own, [{ kind, fromMs, toMs, share: 1 }]);
  });
  const found = measureDetection(artifact, extractFeatures(traffic.flat()));
  return {
    fault: kind,
    set: SET,
    episodes: found.faults,
    found: found.faultsFound,
    recall: Number(found.recall.toFixed(4)),
    delay_requests: found.delayRequests < 0 ? null : found.delayRequests,
  };
}
