// The guard of a route's canary. The mesh splits the traffic; the filter only watches what the canary
// answers, and once that is bad beyond doubt sends every request of the route to the stable arm: within
// the proxy, without a control plane, over all of its workers.

import { Mode } from "./contract/config";
import { GENERATIONS_MAX, ROUTES_MAX, WORKERS_MAX } from "./contract/limits";
import { Cause } from "./contract/signals";
import { CanarySettings, RouteSettings, Settings } from "./config/settings";
import { canarySettings, routeSettings } from "./config/settings";
import { readRecord, recordComparisonQ16, recordErrors } from "./edge/canary-record";
import {
  recordAboveQ16,
  recordEvidenceQ16,
  recordKilledS,
  recordPlace,
} from "./edge/canary-record";
import { recordRequests, writeRecord } from "./edge/canary-record";
import { LEVEL_WARN, NO_TIME, STATUS_OK, readProperty, wallNs } from "./edge/host";
import { resultBytes, resultPtr } from "./edge/host";
import { logText, noteCause } from "./edge/log";
import { Shared } from "./edge/shared";
import { appendBytes, appendLiteral, appendNumber, beginText } from "./edge/text";
import * as wire from "./edge/wire";
import { isCanary } from "./policy/match-cluster";
import { CanaryState, canaryState, foundBad, weighAnswer } from "./state/canary-state";
import { routeName, routeState } from "./state/route-state";
import { compareAnswer, noteStable } from "./state/stable-comparison";
import { StreamSlot } from "./state/stream-table";
import { boundRoute, generationSettings } from "./generation";

/** As many attempts as there can be workers that are faster. */
const TRIES: i32 = WORKERS_MAX;

if (ROUTES_MAX > 64 || GENERATIONS_MAX > 4) ERROR("a ticket has no room for the place of a canary");

/** Whether the requests of a route have to keep off its canary. */
// @ts-ignore: decorator
@inline
export function isVetoed(settings: Settings, route: RouteSettings, stateIndex: i32): bool {
  if (route.canary == 0 || canaryState(stateIndex).killedS == 0) return false;
  return canarySettings(settings, route.canary - 1).mode == Mode.Enforce;
}

/**
 * What a stream remembers of its route's canary: its place, and the generation that it is in, by number, so
 * that a generation that was replaced meanwhile is noticed. 0 for a route without one.
 */
// @ts-ignore: decorator
@inline
export function canaryTicket(settings: Settings, generation: i32, route: RouteSettings): u32 {
  if (route.canary == 0) return 0;
  return (settings.sequence << 8) | ((<u32>generation) << 6) | (<u32>(route.canary - 1));
}

/** An answer has come to a stream with a ticket. @param slot its status is known, 0 if it is not */
export function judgeCanary(slot: StreamSlot, nowMs: f64): void {
  const settings = generationSettings(<i32>((slot.canary >> 6) & 3));
  // The configuration that the request began under is gone: which cluster to look for is not known.
  if ((settings.sequence << 8) >> 8 != slot.canary >> 8 || slot.status == 0) return;
  const canary = canarySettings(settings, <i32>(slot.canary & 63));
  const state = canaryState(slot.route);
  if (state.hash != canary.hash) return;
  if (readProperty(wire.CLUSTER, wire.CLUSTER_BYTES) != STATUS_OK) return;
  const failed = slot.status >= 500;
  if (!isCanary(canary, resultPtr(), resultBytes())) {
    state.stableCounted++;
    if (failed) state.stableFailed++;
    if (canary.odds != 0) noteStable(state, failed);
    return;
  }
  state.counted++;
  if (failed) state.failed++;
  if (state.killedS == 0) weigh(state, canary, slot.route, failed, nowMs);
}

/**
 * Takes over what all workers know; what is not there, or not ours, leaves the state as it was.
 *
 * @returns whether the record was there
 */
function learn(state: CanaryState): bool {
  const there = readRecord(state.hash, state.place);
  state.place = recordPlace();
  if (!there) return false;
  state.evidenceQ16 = recordEvidenceQ16();
  state.comparisonQ16 = recordComparisonQ16();
  state.aboveQ16 = recordAboveQ16();
  state.requests = recordRequests();
  state.errors = recordErrors();
  if (recordKilledS() != 0) state.killedS = recordKilledS();
  return true;
}

function tell(state: CanaryState): Shared {
  return writeRecord(
    state.hash,
    state.evidenceQ16,
    state.comparisonQ16,
    state.aboveQ16,
    state.requests,
    state.errors,
    state.killedS,
  );
}

/** Seconds since 1970, never 0. */
function wallS(): u32 {
  const ns = wallNs();
  return ns == NO_TIME ? 1 : max<u32>(1, <u32>(ns / 1000000000));
}

/** Adds the answer to what all workers know. */
function weigh(
  state: CanaryState,
  canary: CanarySettings,
  stateIndex: i32,
  failed: bool,
  nowMs: f64,
): void {
  const compared = canary.odds == 0 ? 0 : compareAnswer(state, failed, canary.odds);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    // Where shared data does not work, what this worker knows goes on.
    learn(state);
    if (state.killedS != 0) return;
    const evidence = state.evidenceQ16;
    const comparison = state.comparisonQ16;
    const above = state.aboveQ16;
    const requests = state.requests;
    const errors = state.errors;
    weighAnswer(
      state,
      failed,
      canary.errorStepQ16,
      canary.successStepQ16,
      canary.floorQ16,
      compared,
    );
    const bad = foundBad(state, canary.thresholdQ16, canary.requestsMin);
    state.killedS = bad ? wallS() : 0;
    const written = tell(state);
    if (written != Shared.Raced) {
      if (written == Shared.Failed) noteCause(Cause.SharedDataFailed, nowMs);
      if (bad) tellKilled(state, canary, stateIndex);
      return;
    }
    state.evidenceQ16 = evidence;
    state.comparisonQ16 = comparison;
    state.aboveQ16 = above;
    state.requests = requests;
    state.errors = errors;
    state.killedS = 0;
  }
  noteCause(Cause.CasExhausted, nowMs);
}

/** Said once, by the worker that found it. */
function tellKilled(state: CanaryState, canary: CanarySettings, stateIndex: i32): void {
  const route = routeState(stateIndex);
  beginText();
  appendLiteral("ganglion: canary killed: route ");
  appendBytes(routeName(route), route.nameLength);
  appendLiteral(": ");
  appendNumber(state.errors);
  appendLiteral(" errors in ");
  appendNumber(state.requests);
  appendLiteral(" answers");
  const isLimit = state.evidenceQ16 >= canary.thresholdQ16;
  appendLiteral(isLimit ? ", too many" : ", more than the stable arm's");
  logText(LEVEL_WARN);
}

/**
 * Learns what other workers found, and repairs a record that was lost: a kill outlives it. Called on the
 * tick, and when a configuration has come into force.
 */
export function watchCanaries(generation: i32): void {
  const settings = generationSettings(generation);
  if (settings.canaryCount == 0) return;
  for (let i = 0; i < settings.routeCount; i++) {
    if (routeSettings(settings, i).canary == 0) continue;
    const state = canaryState(boundRoute(generation, i));
    state.inForce = 1;
    const there = learn(state);
    if (state.killedS != 0 && !(there && recordKilledS() != 0)) tell(state);
  }
}
