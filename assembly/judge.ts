// What the scorer's layers say of a request, and whether that is an alarm. Three layers, one currency:
// evidence, -log10 of the probability that healthy traffic says as much (contract/evidence.ts).
//
//   statistics   the route's last minutes, and its last second  statistics/
//   sequence     this request, by the model of the sequence     model/scorer
//   content      this request's path and query                  content/score
//
// Layers that act are combined; a layer that is observed is computed and told, and raises no alarm. Those of
// a model in shadow are observed, and combined once more, to count what they would have done. The threshold
// is the route's own, and adapts once a window to the false alarms that its owner accepts: by the largest
// evidence of the window, so that the rate of requests does not matter.

import { Calibrator, calibratorThreshold } from "./calibration/calibrator";
import { noteRequest } from "./calibration/client-guard";
import { combineEvidence } from "./calibration/share-evidence";
import { alphaOfRate, stepWindow } from "./calibration/step";
import { boundThreshold } from "./calibration/threshold";
import { contentEvidence } from "./content/score";
import { BUNDLE_SCORERS_MAX } from "./contract/bundle-artifact";
import { CONTENT_BYTES_MAX } from "./contract/content-artifact";
import { CALIBRATION_OPENED, CALIBRATOR_STATE_BYTES } from "./contract/calibration";
import { Layer } from "./contract/config";
import { EVIDENCE_MAX, LAYER_WEIGHT, SEQUENCE_WEIGHT } from "./contract/evidence";
import { SUDDEN_DISCOUNT, evidencePermille } from "./contract/evidence";
import { SCORE_LAYERS, ScoreLayer } from "./contract/signals";
import { RouteSettings, Settings } from "./config/settings";
import { ensureSecret, secretHigh, secretLow } from "./edge/secret";
import { RequestView, requestView } from "./edge/sense";
import { featureVector } from "./features/extract";
import { pathHash } from "./features/path-hash";
import { evidenceStep } from "./model/scorer";
import {
  ALARM_SPACE_BYTES,
  MONITOR_SPACE_BYTES,
  WATCH_SPACE_BYTES,
  RouteState,
  routeAlarm,
  routeLayer,
  routeMonitor,
  routeScorer,
  routeState,
  routeStatesUsed,
  routeWatch,
} from "./state/route-state";
import { harmonicEvidence } from "./statistics/combine-evidence";
import {
  MONITOR_BYTES,
  monitorEvidenceQ8,
  monitorTick,
  monitorTopSignal,
  onArrival,
  onFinish,
} from "./statistics/route-monitor";
import {
  WATCH_BYTES,
  watchArrival,
  watchEvidenceQ8,
  watchFinish,
  watchTick,
  watchTopSignal,
} from "./statistics/route-watch";
import { Bundle, bundleContent, bundleScorer, bundleStateOffset } from "./bundle";
import { generationBundle } from "./generation";

if (MONITOR_BYTES > MONITOR_SPACE_BYTES) ERROR("a route has too little space for its monitor");
if (WATCH_BYTES > WATCH_SPACE_BYTES) ERROR("a route has too little space for its watch");
if (<usize>CALIBRATOR_STATE_BYTES > ALARM_SPACE_BYTES) {
  ERROR("a route has too little space for its calibrator");
}

/** A decade: further above its start no route's threshold rises, Q8. */
const THRESHOLD_ABOVE_START: i32 = 256;

/** The alarm's window. */
const WINDOW_MS: f64 = 1000;
/** An IPv6 address with a port and a space. */
const ADDRESS_BYTES_MAX: i32 = 64;

/** 256 log10(LAYER_WEIGHT / SEQUENCE_WEIGHT). */
const SEQUENCE_DISCOUNT: i32 = 386;

/** u16 each: evidence of every layer. */
const SAID: usize = memory.data(8, 8);
/** u16 each: evidence of every scorer of the sequence. */
const SCORERS: usize = memory.data(8, 8);
if (SCORE_LAYERS * 2 > 8) ERROR("SAID is too small");
if (BUNDLE_SCORERS_MAX * 2 > 8) ERROR("SCORERS is too small");

/** Weights of the layers that act, a byte each. */
let weights: i32 = 0;
/** The same of layers that would act, were their model not in shadow. */
let shadowWeights: i32 = 0;
let together: i32 = 0;
let topLayer: i32 = -1;
let topWorth: i32 = 0;
let topSignal: i32 = -1;
let anomalous: bool = false;
let shadowLayer: i32 = -1;
let shadowWorth: i32 = 0;
let shadowPermille: i32 = 0;
let shadowAnomalous: bool = false;

/** The layer that says most of the request judged last; -1 when none says anything. */
export function judgedLayer(): i32 {
  return topLayer;
}

/** Which signal of the statistics says most; -1 when none does. */
export function judgedSignal(): i32 {
  return topSignal;
}

/** Whether the request judged last is an alarm. */
export function judgedAnomalous(): bool {
  return anomalous;
}

/** Whether the request judged last is no alarm, and would be one, were the model not in shadow. */
export function judgedInShadow(): bool {
  return shadowAnomalous;
}

/** What its score would be, in permille. Only where judgedInShadow. */
export function shadowScore(): i32 {
  return shadowPermille;
}

/** Which layer of the model would say most. Only where judgedInShadow. */
export function judgedShadowLayer(): i32 {
  return shadowLayer;
}

/** Evidence of the layers that act, together, Q8, of the request judged last. */
export function judgedEvidence(): i32 {
  return together;
}

/** Evidence of one layer, Q8; 0 where it is off or has nothing to say. */
export function layerEvidence(layer: ScoreLayer): i32 {
  return load<u16>(SAID + ((<usize>layer) << 1));
}

/**
 * Notes what a layer says.
 *
 * @param part Layer.Act or Layer.Observe
 * @param inShadow whether it only would act
 */
function take(
  state: RouteState,
  layer: ScoreLayer,
  evidence: i32,
  part: i32,
  inShadow: bool,
): void {
  store<u16>(SAID + ((<usize>layer) << 1), <u16>evidence);
  const told = routeLayer(state, layer);
  if (evidence > told.peak) told.peak = evidence;
  if (part != Layer.Act) return;
  const weight = layer == ScoreLayer.Sequence ? SEQUENCE_WEIGHT : LAYER_WEIGHT;
  // What a layer's word is worth beside one of full weight.
  const worth = layer == ScoreLayer.Sequence ? evidence - SEQUENCE_DISCOUNT : evidence;
  if (inShadow) {
    shadowWeights |= weight << (layer << 3);
    if (shadowLayer >= 0 && worth <= shadowWorth) return;
    shadowWorth = worth;
    shadowLayer = layer;
    return;
  }
  weights |= weight << (layer << 3);
  if (evidence > 0 && (topLayer < 0 || worth > topWorth)) {
    topWorth = worth;
    topLayer = layer;
  }
}

/**
 * Judges a request by its features and the route's state.
 *
 * @param nowMs monotonic
 * @returns score in permille, 0 to 1000
 */
export function judgeRequest(
  generation: i32,
  settings: Settings,
  route: RouteSettings,
  state: RouteState,
  nowMs: f64,
): i32 {
  const view = requestView();
  clearJudgement();
  if (route.statisticsLayer != Layer.Off) {
    const monitor = routeMonitor(state);
    const watch = routeWatch(state);
    onArrival(monitor, nowMs, <f32>view.contentBytes, view.attempt);
    watchArrival(watch, nowMs, <f32>view.contentBytes, view.attempt);
    const lasting = watchEvidenceQ8(watch);
    const sudden = monitorEvidenceQ8(monitor) - SUDDEN_DISCOUNT;
    topSignal = sudden > lasting ? monitorTopSignal(monitor) : watchTopSignal(watch);
    take(state, ScoreLayer.Statistics, max(lasting, sudden), route.statisticsLayer, false);
  }
  if (settings.hasModel) {
    judgeByModels(generationBundle(generation), settings.modelShadow != 0, route, state, view);
  }
  const evidence = combined(weights);
  together = evidence;
  const score = evidencePermille(evidence);
  state.scorePermille = score;
  const alarm = changetype<Calibrator>(routeAlarm(state));
  notePeak(state, alarm, clientHash(view.forwarded, view.forwardedBytes), evidence);
  anomalous = isAlarm(route, alarm, evidence, score);
  if (shadowWeights != 0 && !anomalous) {
    const whole = combined(weights | shadowWeights);
    shadowPermille = evidencePermille(whole);
    shadowAnomalous = isAlarm(route, alarm, whole, shadowPermille);
  }
  if (nowMs - state.peakSinceMs >= WINDOW_MS) closeWindow(state, nowMs);
  return score;
}

function clearJudgement(): void {
  weights = 0;
  topLayer = -1;
  topWorth = 0;
  topSignal = -1;
  shadowWeights = 0;
  shadowLayer = -1;
  shadowWorth = 0;
  shadowAnomalous = false;
  store<u64>(SAID, 0);
}

/** Evidence of the layers with these weights, together. */
function combined(ofLayers: i32): i32 {
  return combineEvidence(
    layerEvidence(ScoreLayer.Statistics),
    layerEvidence(ScoreLayer.Sequence),
    layerEvidence(ScoreLayer.Content),
    ofLayers,
  );
}

function isAlarm(route: RouteSettings, alarm: Calibrator, evidence: i32, score: i32): bool {
  const fixed = route.anomalyThresholdPermille;
  if (fixed > 0) return score >= fixed;
  return alarm.steps > 0 && evidence > calibratorThreshold(alarm);
}

function judgeByModels(
  bundle: Bundle,
  inShadow: bool,
  route: RouteSettings,
  state: RouteState,
  view: RequestView,
): void {
  if (bundle.scorers > 0 && route.sequenceLayer != Layer.Off) {
    const evidence = sequenceEvidence(bundle, state);
    take(state, ScoreLayer.Sequence, evidence, route.sequenceLayer, inShadow);
  }
  if (bundle.hasContent && route.contentLayer != Layer.Off) {
    const evidence = targetEvidence(bundle, state, view);
    take(state, ScoreLayer.Content, evidence, route.contentLayer, inShadow);
  }
}

/** The content's word on path and query; a route that has one target has it judged once. */
function targetEvidence(bundle: Bundle, state: RouteState, view: RequestView): i32 {
  // Path, question mark and query stand together.
  const bytes = view.pathBytes + (view.queryBytes > 0 ? 1 + view.queryBytes : 0);
  const hash = bytes <= CONTENT_BYTES_MAX ? targetHash(view.path, bytes) : 0;
  if (hash != 0 && hash == state.contentHash) return state.contentEvidence;
  const evidence = contentEvidence(bundleContent(bundle), view.path, bytes);
  state.contentHash = hash;
  state.contentEvidence = evidence;
  return evidence;
}

/** Keyed, so that nobody can give an attack the hash of a target known to be healthy. 0 without a key. */
function targetHash(target: usize, bytes: i32): u64 {
  if (!ensureSecret()) return 0;
  const key = secretHigh() | 1;
  let hash = secretLow() ^ (<u64>bytes);
  const end = target + <usize>bytes;
  for (; target + 8 <= end; target += 8) hash = mix(hash, load<u64>(target), key);
  for (; target < end; target++) hash = mix(hash, <u64>load<u8>(target), key);
  return hash;
}

// @ts-ignore: decorator
@inline
function mix(hash: u64, word: u64, key: u64): u64 {
  const mixed = (hash ^ word) * key;
  return mixed ^ (mixed >> 29);
}

function sequenceEvidence(bundle: Bundle, state: RouteState): i32 {
  const count = min(bundle.scorers, BUNDLE_SCORERS_MAX);
  const space = routeScorer(state);
  for (let i = 0; i < count; i++) {
    const place = space + bundleStateOffset(bundle, i);
    const evidence = evidenceStep(bundleScorer(bundle, i), place, featureVector());
    if (count == 1) return evidence;
    store<u16>(SCORERS + ((<usize>i) << 1), <u16>evidence);
  }
  return harmonicEvidence(SCORERS, count);
}

/** Keeps the window's largest evidence and whose it is, and the largest of everybody else. */
function notePeak(state: RouteState, alarm: Calibrator, client: u32, evidence: i32): void {
  noteRequest(alarm, client);
  if (client == state.peakClient && state.peakRequests > 0) {
    state.peakEvidence = max(state.peakEvidence, evidence);
  } else if (evidence > state.peakEvidence || state.peakRequests == 0) {
    state.othersEvidence = state.peakRequests > 0 ? state.peakEvidence : -1;
    state.peakEvidence = evidence;
    state.peakClient = client;
  } else {
    state.othersEvidence = max(state.othersEvidence, evidence);
  }
  state.peakRequests++;
}

/**
 * Hash of the last address of x-forwarded-for: the one that our side of the mesh has written.
 * @returns 0 without one
 */
function clientHash(list: usize, bytes: i32): u32 {
  if (bytes == 0) return 0;
  const end = list + <usize>bytes;
  let start = end;
  const least = end - <usize>min(bytes, ADDRESS_BYTES_MAX);
  while (start > least && load<u8>(start - 1) != 0x2c) start--;
  return pathHash(start, <i32>(end - start)) | 1;
}

/** Steps the threshold by what the window said, and begins the next. */
function closeWindow(state: RouteState, nowMs: f64): void {
  const alarm = changetype<Calibrator>(routeAlarm(state));
  const threshold = alarm.steps > 0 ? calibratorThreshold(alarm) : EVIDENCE_MAX;
  for (let i = 0; i < SCORE_LAYERS; i++) {
    const layer = routeLayer(state, i);
    if (layer.peak >= threshold) layer.alarms++;
    layer.told = layer.peak;
    layer.peak = 0;
  }
  if (state.peakSinceMs > 0 && state.peakRequests > 0) {
    const alpha = alphaOfRate(alarm, <f64>state.falseAlarmsPerHour);
    const others = state.othersEvidence;
    const said = stepWindow(alarm, state.peakEvidence, state.peakClient, others, nowMs, alpha);
    boundThreshold(alarm, THRESHOLD_ABOVE_START);
    if ((said & CALIBRATION_OPENED) != 0) state.incidents++;
  }
  state.peakEvidence = 0;
  state.peakClient = 0;
  state.peakRequests = 0;
  state.othersEvidence = -1;
  state.peakSinceMs = nowMs;
}

/** Closes the windows of routes without traffic. Called on the tick. */
export function judgeIdle(nowMs: f64): void {
  for (let i = 0; i < routeStatesUsed(); i++) {
    const state = routeState(i);
    if (state.nameHash == 0 || !(state.arrivalMs > 0)) continue;
    monitorTick(routeMonitor(state), nowMs);
    watchTick(routeWatch(state), nowMs);
  }
}

/** A request of the route has ended. @param status 0 when the client left before an answer */
export function judgeEnd(
  state: RouteState,
  nowMs: f64,
  latencyMs: f32,
  ttfbMs: f32,
  status: i32,
): void {
  onFinish(routeMonitor(state), nowMs, latencyMs, ttfbMs, status);
  watchFinish(routeWatch(state), nowMs, latencyMs, ttfbMs, status);
}
