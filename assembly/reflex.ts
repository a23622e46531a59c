// The request path: sense, extract, score, decide, act. Whoever reads only this file knows the product.
//
// Per request the host is called for: all request headers (1), time (2 or 3), the response's status (1),
// and a header only where another arm than the default is chosen or there is something to say.

import { Expose, Mode } from "./contract/config";
import { Cause, Reason, ScoreLayer, Verdict } from "./contract/signals";
import { RouteSettings, Settings, armSettings, canarySettings } from "./config/settings";
import { routeSettings } from "./config/settings";
import { shed, throttle, writeArm, writeEvidence, writeFilterState, writeMarks } from "./edge/act";
import { noteCause } from "./edge/log";
import { NO_TIME, monotonicNs } from "./edge/host";
import { RequestView, requestView, senseRequest, senseStatus } from "./edge/sense";
import { RequestShape, extract } from "./features/extract";
import { noteAbandoned, noteArrival, noteEnd, noteLimited, noteResponse } from "./features/observe";
import { pathHash } from "./features/path-hash";
import { chooseArm, choicePropensity, choiceReason } from "./policy/choose-arm";
import { decide, verdictReason } from "./policy/decide";
import { matchRoute } from "./policy/match-route";
import { ArmState, addOutcome, armLatency, armSketch, armState, armTtfb } from "./state/arm-state";
import { OUTCOME_FAILURE, OUTCOME_OVERLOAD, OUTCOME_SUCCESS } from "./state/arm-state";
import { isEjected, judge } from "./state/arm-state";
import { addCensored, addSample } from "./state/ewma";
import { RouteState, routeSketch, routeState } from "./state/route-state";
import { verdictCount } from "./state/route-state";
import { addToSketch } from "./state/sketch";
import {
  STREAM_COMPLETE,
  STREAM_RESPONDED,
  StreamSlot,
  closeStream,
  findStream,
  openStream,
} from "./state/stream-table";
import { admit, admitRetryNs, admitShadowRefused } from "./admit";
import { canaryTicket, isVetoed, judgeCanary } from "./canary";
import { armBinding, boundRoute, generationModelVersion, generationSettings } from "./generation";
import { judgeEnd, judgeRequest, judgedAnomalous, judgedEvidence } from "./judge";
import { judgedInShadow, judgedLayer, judgedShadowLayer, judgedSignal } from "./judge";
import { layerEvidence, shadowScore } from "./judge";
import { countStripped, countUnmatched } from "./publish";

/** Proxy-Wasm's actions for a header callback. */
export const ACTION_CONTINUE: i32 = 0;
export const ACTION_PAUSE: i32 = 1;

const SHAPE: usize = memory.data(64, 8);
if (offsetof<RequestShape>() > 64) ERROR("SHAPE is too small");

/** A request's headers have arrived. @param generation in force, -1 passes everything through */
export function onRequest(contextId: u32, generation: i32): i32 {
  const settings: Settings | null = generation < 0 ? null : generationSettings(generation);
  const nowNs = monotonicNs();
  const nowMs = <f64>nowNs * 1e-6;
  if (!senseRequest(settings)) {
    noteCause(Cause.HeadersUnreadable, nowMs);
    return ACTION_CONTINUE;
  }
  const view = requestView();
  if (view.ownHeaders > 0) countStripped(view.ownHeaders);
  if (settings === null) return ACTION_CONTINUE;
  if (nowNs == NO_TIME) {
    // Without time there is no rate, no latency and no age: the request passes.
    noteCause(Cause.ClockFailed, nowMs);
    return ACTION_CONTINUE;
  }
  const index = matchRoute(
    settings,
    view.path,
    view.pathBytes,
    view.method,
    view.methodBytes,
    view.authority,
    view.authorityBytes,
  );
  if (index < 0) {
    countUnmatched();
    return ACTION_CONTINUE;
  }
  return react(contextId, generation, index, nowNs, nowMs);
}

function react(contextId: u32, generation: i32, index: i32, nowNs: u64, nowMs: f64): i32 {
  const settings = generationSettings(generation);
  const route = routeSettings(settings, index);
  const stateIndex = boundRoute(generation, index);
  const state = routeState(stateIndex);
  const score = scoreRequest(generation, settings, route, state, nowMs);
  const anomalous = judgedAnomalous();
  if (anomalous) state.anomalies++;

  const refusals = route.limitCount > 0 ? admit(settings, generation, route, nowNs, nowMs) : 0;
  // A limit in shadow mode is counted, and must not hide what the score would do.
  const shadowLimited = route.limitCount > 0 && refusals == 0 && admitShadowRefused();
  if (shadowLimited) note(state, Verdict.Throttle, false);
  const limited = refusals > 0 || shadowLimited;
  const verdict = decide(route, anomalous, refusals > 0);
  const reason = verdictReason();
  const enforced = verdict == Verdict.Throttle || route.mode == Mode.Enforce;
  note(state, verdict, enforced);
  // Likewise a model in shadow; a request that was limited would have been so with it as well.
  const shadowVerdict =
    refusals == 0 && judgedInShadow() ? decide(route, true, false) : Verdict.Allow;
  note(state, shadowVerdict, false);
  noteLimited(state, limited);

  if (verdict != Verdict.Allow) {
    const layer = reason == Reason.Anomaly ? judgedLayer() : -1;
    writeFilterState(verdict, reason, score, layer, judgedSignal(), enforced);
  } else if (shadowLimited) {
    writeFilterState(Verdict.Throttle, Reason.RateLimit, score, -1, -1, false);
  } else if (isVetoed(settings, route, stateIndex)) {
    writeFilterState(verdict, Reason.CanaryKilled, score, -1, -1, true);
  } else if (shadowVerdict != Verdict.Allow) {
    const layer = judgedShadowLayer();
    writeFilterState(shadowVerdict, Reason.Anomaly, shadowScore(), layer, -1, false);
  }
  if (enforced && verdict >= Verdict.Throttle) {
    const answered =
      verdict == Verdict.Throttle ? throttle(retrySeconds(nowNs), nowMs) : shed(nowMs);
    // An answer that the proxy did not take must not become a request that hangs.
    if (answered) return ACTION_PAUSE;
  }
  forward(contextId, generation, route, state, stateIndex, verdict, reason, score, nowMs);
  return ACTION_CONTINUE;
}

/** @returns permille */
function scoreRequest(
  generation: i32,
  settings: Settings,
  route: RouteSettings,
  state: RouteState,
  nowMs: f64,
): i32 {
  const view = requestView();
  const shape = changetype<RequestShape>(SHAPE);
  shape.contentBytes = view.contentBytes;
  shape.headerBytes = view.headerBytes;
  shape.headerCount = view.headerCount;
  shape.pathBytes = view.pathBytes;
  shape.queryBytes = view.queryBytes;
  shape.unsafeMethod = isSafe(view) ? 0 : 1;
  shape.attempt = view.attempt;
  shape.pathHash = pathHash(view.path, view.pathBytes);
  extract(state, shape, nowMs);
  noteArrival(state, shape, nowMs);
  state.requests++;
  return judgeRequest(generation, settings, route, state, nowMs);
}

/** GET, HEAD and OPTIONS. */
function isSafe(view: RequestView): bool {
  if (view.methodBytes == 3) return load<u16>(view.method) == 0x4547;
  if (view.methodBytes == 4) return load<u32>(view.method) == 0x44414548;
  return view.methodBytes == 7 && load<u32>(view.method) == 0x4954504f;
}

function note(state: RouteState, verdict: Verdict, enforced: bool): void {
  if (verdict == Verdict.Allow) return;
  const place = verdictCount(state, verdict, enforced ? 1 : 0);
  store<u32>(place, load<u32>(place) + 1);
}

function retrySeconds(nowNs: u64): u64 {
  const at = admitRetryNs();
  return at <= nowNs ? 1 : max<u64>(1, (at - nowNs + 999_999_999) / 1_000_000_000);
}

/** Chooses an arm, opens the stream, and says what there is to say. */
function forward(
  contextId: u32,
  generation: i32,
  route: RouteSettings,
  state: RouteState,
  stateIndex: i32,
  verdict: Verdict,
  reason: Reason,
  score: i32,
  nowMs: f64,
): void {
  const settings = generationSettings(generation);
  const enforcing = route.mode == Mode.Enforce;
  const vetoed = isVetoed(settings, route, stateIndex);
  let arm = -1;
  let armStateIndex = -1;
  let told = reason;
  if (vetoed) {
    if (told == Reason.None) told = Reason.CanaryKilled;
    armStateIndex = toStable(generation, settings, route, nowMs);
  } else if (route.armCount > 0) {
    const binding = armBinding(generation, route.armFirst);
    arm = chooseArm(route, settings, binding, nowMs);
    if (told == Reason.None) told = choiceReason();
    if (enforcing && verdict == Verdict.Reroute) {
      arm = otherArm(route, settings, binding, arm, nowMs);
    }
    // In shadow mode the choice is computed, and the default arm gets the request.
    if (!enforcing) arm = route.armDefault;
    armStateIndex = <i32>load<u16>(binding + <usize>arm * 2);
    const chosen = armState(armStateIndex);
    chosen.requests++;
    if (arm != route.armDefault) {
      const name = armSettings(settings, route.armFirst + arm);
      writeArm(name.namePtr, name.nameLength, nowMs);
    }
  }
  const marked = vetoed || (enforcing && verdict != Verdict.Allow);
  if (settings.expose == Expose.Always || (marked && settings.expose == Expose.Tagged)) {
    const version = generationModelVersion(generation);
    writeMarks(score, verdict, told, version, nowMs);
    if (settings.expose == Expose.Always) {
      const sequence = layerEvidence(ScoreLayer.Sequence);
      const content = layerEvidence(ScoreLayer.Content);
      writeEvidence(
        judgedEvidence(),
        layerEvidence(ScoreLayer.Statistics),
        sequence,
        content,
        nowMs,
      );
    }
  }
  track(contextId, settings, generation, route, state, stateIndex, armStateIndex, nowMs);
}

/**
 * Keeps the request off the route's canary. The header is written for the default arm too: without one the
 * mesh would split. @returns index of the arm's state, -1 for a route without arms
 */
function toStable(generation: i32, settings: Settings, route: RouteSettings, nowMs: f64): i32 {
  const canary = canarySettings(settings, route.canary - 1);
  writeArm(canary.stablePtr, canary.stableLength, nowMs);
  if (canary.stableArm < 0) return -1;
  const index = <i32>load<u16>(armBinding(generation, route.armFirst + canary.stableArm));
  armState(index).requests++;
  return index;
}

/** The first arm of the fallback order that is neither ejected nor the one given; else the one given. */
function otherArm(
  route: RouteSettings,
  settings: Settings,
  binding: usize,
  arm: i32,
  nowMs: f64,
): i32 {
  for (let place = 0; place < route.armCount; place++) {
    const other = armSettings(settings, route.armFirst + place).fallback;
    const state = armState(<i32>load<u16>(binding + <usize>other * 2));
    if (other != arm && !isEjected(state, nowMs)) return other;
  }
  return arm;
}

function track(
  contextId: u32,
  settings: Settings,
  generation: i32,
  route: RouteSettings,
  state: RouteState,
  stateIndex: i32,
  armStateIndex: i32,
  nowMs: f64,
): void {
  const slot = openStream(contextId);
  if (slot === null) {
    noteCause(Cause.StreamTableFull, nowMs);
    return;
  }
  slot.route = stateIndex;
  slot.arm = armStateIndex;
  slot.startMs = nowMs;
  slot.propensity = choicePropensity();
  slot.fastHalfLifeMs = settings.fastHalfLifeMs;
  slot.slowHalfLifeMs = settings.slowHalfLifeMs;
  slot.quantileHalfLifeMs = settings.quantileHalfLifeMs;
  slot.ejectionError = route.ejectionErrorQ;
  slot.ejectionOutcomesMin = route.ejectionRequestsMin;
  slot.ejectionDurationMs = route.ejectionDurationMs;
  slot.canary = canaryTicket(settings, generation, route);
  state.inFlight++;
  if (armStateIndex >= 0) armState(armStateIndex).inFlight++;
}

/** The response's headers have arrived. */
export function onResponse(contextId: u32, endOfStream: bool): void {
  const slot = findStream(contextId);
  if (slot === null || (slot.flags & STREAM_RESPONDED) != 0) return;
  const nowNs = monotonicNs();
  if (nowNs == NO_TIME) return;
  const nowMs = <f64>nowNs * 1e-6;
  const status = senseStatus();
  if (status == 0) noteCause(Cause.StatusUnreadable, nowMs);
  slot.status = status;
  slot.ttfbMs = elapsedLongMs(slot.startMs, nowMs);
  slot.flags |= STREAM_RESPONDED;
  const state = routeState(slot.route);
  noteResponse(state, status, slot.ttfbMs, nowMs, slot.fastHalfLifeMs, slot.slowHalfLifeMs);
  if (slot.canary != 0) judgeCanary(slot, nowMs);
  if (endOfStream) {
    slot.flags |= STREAM_COMPLETE;
    finish(slot, nowMs);
  }
}

/** The stream is over, however it ended. @returns whether it was one that is tracked */
export function onEnd(contextId: u32): bool {
  const slot = findStream(contextId);
  if (slot === null) return false;
  if ((slot.flags & STREAM_COMPLETE) == 0) {
    const nowNs = monotonicNs();
    // Without time nothing was measured.
    if (nowNs != NO_TIME) finish(slot, <f64>nowNs * 1e-6);
  }
  const state = routeState(slot.route);
  state.inFlight = max(0, state.inFlight - 1);
  if (slot.arm >= 0) {
    const arm = armState(slot.arm);
    arm.inFlight = max(0, arm.inFlight - 1);
  }
  closeStream(slot);
  return true;
}

/** Latencies may be longer than any decay's clamp. */
// @ts-ignore: decorator
@inline
function elapsedLongMs(startMs: f64, nowMs: f64): f32 {
  return <f32>max(0, nowMs - startMs);
}

/** Tells the learnt state how the request went. */
function finish(slot: StreamSlot, nowMs: f64): void {
  const latencyMs = elapsedLongMs(slot.startMs, nowMs);
  const state = routeState(slot.route);
  const responded = (slot.flags & STREAM_RESPONDED) != 0;
  judgeEnd(state, nowMs, latencyMs, slot.ttfbMs, slot.status);
  if (!responded) {
    // No success and no failure.
    noteAbandoned(state, latencyMs, nowMs, slot.fastHalfLifeMs, slot.slowHalfLifeMs);
    if (slot.arm >= 0) ignore(slot, latencyMs, nowMs);
    return;
  }
  const ttfbMs = slot.ttfbMs;
  const status = slot.status;
  noteEnd(state, status, ttfbMs, latencyMs, nowMs, slot.fastHalfLifeMs, slot.slowHalfLifeMs);
  if (status < 500) addToSketch(routeSketch(state), latencyMs, nowMs, slot.quantileHalfLifeMs);
  if (slot.arm >= 0) learn(slot, armState(slot.arm), latencyMs, nowMs);
}

function ignore(slot: StreamSlot, latencyMs: f32, nowMs: f64): void {
  const arm = armState(slot.arm);
  arm.ignored++;
  addCensored(armLatency(arm), latencyMs, nowMs, slot.fastHalfLifeMs, slot.slowHalfLifeMs);
}

function learn(slot: StreamSlot, arm: ArmState, latencyMs: f32, nowMs: f64): void {
  if (slot.status >= 500) {
    arm.failures++;
    addOutcome(arm, OUTCOME_FAILURE, nowMs);
  } else if (slot.status == 429) {
    // A refusal is quick, and must not make the arm look fast.
    arm.ignored++;
    addOutcome(arm, OUTCOME_OVERLOAD, nowMs);
  } else {
    addOutcome(arm, OUTCOME_SUCCESS, nowMs);
    // Here and not when the first byte came: the arm's memory is touched once.
    const ttfb = armTtfb(arm);
    addSample(ttfb, slot.ttfbMs, nowMs, slot.fastHalfLifeMs, slot.slowHalfLifeMs);
    const latency = armLatency(arm);
    addSample(latency, latencyMs, nowMs, slot.fastHalfLifeMs, slot.slowHalfLifeMs);
    addToSketch(armSketch(arm), latencyMs, nowMs, slot.quantileHalfLifeMs);
  }
  judge(arm, nowMs, slot.ejectionError, slot.ejectionOutcomesMin, slot.ejectionDurationMs);
}
