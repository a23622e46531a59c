// Metrics. The request path only adds to numbers in memory; the tick turns them into host calls. A metric
// is defined in the proxy the first time it has something to say, so idle arms cost no statistics.

import { Calibrator, calibratorOpen, calibratorThreshold } from "./calibration/calibrator";
import { Metric, metricKind, metricName } from "./contract/metrics";
import {
  CAUSES,
  CONFIG_OUTCOMES,
  Cause,
  ConfigOutcome,
  SCORE_LAYERS,
  VERDICTS,
  causeName,
  configOutcomeName,
  layerName,
  verdictName,
} from "./contract/signals";
import { causePending } from "./edge/log";
import { defineMetric, incrementMetric, recordMetric } from "./edge/host";
import {
  appendLabel,
  appendLiteral,
  appendLiteralLabel,
  appendNumberLabel,
  beginText,
  textBytes,
  textPtr,
} from "./edge/text";
import { workerNumber } from "./edge/workers";
import {
  ArmState,
  armLatency,
  armMetricId,
  armName,
  armSketch,
  armState,
  armStatesUsed,
  armTtfb,
  errorAt,
  isEjected,
} from "./state/arm-state";
import { CanaryState, canaryState } from "./state/canary-state";
import { LimitState, limitName, limitState, limitStatesUsed } from "./state/limit-state";
import { ROUTE_METRIC_IDS, RouteState, routeAlarm, routeLayer } from "./state/route-state";
import { routeMetricId, routeName, routeSketch, routeState } from "./state/route-state";
import { routeStatesUsed, routeTtfb, verdictCount } from "./state/route-state";
import { quantileMs } from "./state/sketch";
import { expectedMs } from "./policy/choose-arm";

/** Places of metric ids within a route's state; verdicts take two each from ROUTE_ID_VERDICTS on. */
const ROUTE_ID_REQUESTS: i32 = 0;
const ROUTE_ID_ANOMALIES: i32 = 1;
const ROUTE_ID_SCORE: i32 = 2;
const ROUTE_ID_QUANTILES: i32 = 3;
const ROUTE_ID_TTFB: i32 = 6;
const ROUTE_ID_INCIDENTS: i32 = 7;
const ROUTE_ID_INCIDENT_OPEN: i32 = 8;
const ROUTE_ID_THRESHOLD: i32 = 9;
const ROUTE_ID_LAYERS: i32 = 10;
const ROUTE_ID_LAYER_ALARMS: i32 = ROUTE_ID_LAYERS + SCORE_LAYERS;
const ROUTE_ID_VERDICTS: i32 = ROUTE_ID_LAYER_ALARMS + SCORE_LAYERS;
const ROUTE_ID_CANARY: i32 = ROUTE_ID_VERDICTS + VERDICTS * 2;
const ROUTE_ID_CANARY_KILLED: i32 = ROUTE_ID_CANARY + 4;

let unmatched: u32 = 0;
let stripped: u32 = 0;
const configPending: StaticArray<u32> = new StaticArray<u32>(CONFIG_OUTCOMES);
const proxyIds: usize = memory.data(16, 4);
const causeIds: usize = memory.data(64, 4);
const configIds: usize = memory.data(16, 4);
const workerIds: usize = memory.data(16, 4);
if (CAUSES * 4 > 64) ERROR("causeIds is too small");
if (ROUTE_ID_CANARY_KILLED + 4 > ROUTE_METRIC_IDS)
  ERROR("a route has too few places for metric ids");

/** A request matched no route. */
export function countUnmatched(): void {
  unmatched++;
}

/** Copies of our own headers were removed. */
export function countStripped(copies: i32): void {
  stripped += <u32>copies;
}

/** A configuration was seen. */
export function countConfig(outcome: ConfigOutcome): void {
  configPending[outcome] = configPending[outcome] + 1;
}

/** Appends the metric's name to the labels built so far, and defines it unless it has an id already. */
function define(metric: Metric, idPlace: usize): u32 {
  appendLiteral(metricName(metric));
  const id = defineMetric(metricKind(metric), textPtr(), textBytes());
  store<u32>(idPlace, id);
  return id;
}

/** Adds what is pending to a counter whose id is known or whose name was built. */
function add(metric: Metric, idPlace: usize, pending: u32): void {
  const known = load<u32>(idPlace);
  const id = known != 0 ? known : define(metric, idPlace);
  if (id != 0) incrementMetric(id, <i64>pending);
}

function set(metric: Metric, idPlace: usize, value: u64): void {
  const known = load<u32>(idPlace);
  const id = known != 0 ? known : define(metric, idPlace);
  if (id != 0) recordMetric(id, value);
}

function routeLabels(state: RouteState): void {
  beginText();
  appendLabel("route", routeName(state), state.nameLength);
}

function routeWorkerLabels(state: RouteState): void {
  routeLabels(state);
  appendNumberLabel("worker", workerNumber());
}

function armLabels(state: ArmState): void {
  routeLabels(routeState(state.route));
  appendLabel("arm", armName(state), state.nameLength);
}

function armWorkerLabels(state: ArmState): void {
  armLabels(state);
  appendNumberLabel("worker", workerNumber());
}

// @ts-ignore: decorator
@inline
function micro(ms: f32): u64 {
  return <u64>(max<f32>(0, min<f32>(ms, 4e9)) * 1000);
}

/** Evidence in Q8 decimal digits, as metrics tell it. */
// @ts-ignore: decorator
@inline
function millibans(evidenceQ8: i32): u64 {
  return <u64>((max(0, evidenceQ8) * 1000) >> 8);
}

/** Adds up all counters that have moved since the last call. */
export function publishCounters(): void {
  publishProxy();
  for (let i = 0; i < routeStatesUsed(); i++) {
    const state = routeState(i);
    if (state.nameHash == 0) continue;
    publishRoute(state);
    publishCanary(state, i);
  }
  for (let i = 0; i < armStatesUsed(); i++) {
    const state = armState(i);
    if (state.nameHash != 0) publishArm(state);
  }
  for (let i = 0; i < limitStatesUsed(); i++) {
    const state = limitState(i);
    if (state.nameHash != 0 && (state.limited | state.admitted) != 0) publishLimit(i);
  }
}

function publishProxy(): void {
  if (unmatched != 0) {
    beginText();
    add(Metric.UnmatchedTotal, proxyIds, unmatched);
    unmatched = 0;
  }
  if (stripped != 0) {
    beginText();
    add(Metric.StrippedHeadersTotal, proxyIds + 4, stripped);
    stripped = 0;
  }
  for (let i = 0; i < CAUSES; i++) {
    const pending = causePending[i];
    if (pending == 0) continue;
    causePending[i] = 0;
    beginText();
    appendLiteralLabel("cause", causeName(<Cause>i));
    add(Metric.ErrorsTotal, causeIds + <usize>i * 4, pending);
  }
  for (let i = 0; i < CONFIG_OUTCOMES; i++) {
    const pending = configPending[i];
    if (pending == 0) continue;
    configPending[i] = 0;
    beginText();
    appendLiteralLabel("cause", configOutcomeName(i));
    add(Metric.ConfigsTotal, configIds + <usize>i * 4, pending);
  }
}

function publishRoute(state: RouteState): void {
  if (state.requests != 0) {
    routeLabels(state);
    add(Metric.RequestsTotal, routeMetricId(state, ROUTE_ID_REQUESTS), state.requests);
    state.requests = 0;
  }
  if (state.anomalies != 0) {
    routeLabels(state);
    add(Metric.AnomaliesTotal, routeMetricId(state, ROUTE_ID_ANOMALIES), state.anomalies);
    state.anomalies = 0;
  }
  if (state.incidents != 0) {
    routeLabels(state);
    add(Metric.IncidentsTotal, routeMetricId(state, ROUTE_ID_INCIDENTS), state.incidents);
    state.incidents = 0;
  }
  for (let i = 0; i < SCORE_LAYERS; i++) {
    const layer = routeLayer(state, i);
    if (layer.alarms == 0) continue;
    routeLabels(state);
    appendLiteralLabel("layer", layerName(i));
    add(Metric.LayerAlarmsTotal, routeMetricId(state, ROUTE_ID_LAYER_ALARMS + i), layer.alarms);
    layer.alarms = 0;
  }
  for (let verdict = 1; verdict < VERDICTS; verdict++) {
    for (let enforced = 0; enforced < 2; enforced++) {
      const place = verdictCount(state, verdict, enforced);
      const pending = load<u32>(place);
      if (pending == 0) continue;
      store<u32>(place, 0);
      routeLabels(state);
      appendLiteralLabel("verdict", verdictName(verdict));
      appendLiteralLabel("enforced", enforced ? "true" : "false");
      const id = routeMetricId(state, ROUTE_ID_VERDICTS + verdict * 2 + enforced);
      add(Metric.VerdictsTotal, id, pending);
    }
  }
}

function publishCanary(state: RouteState, index: i32): void {
  const canary = canaryState(index);
  addRoute(state, Metric.CanaryRequestsTotal, ROUTE_ID_CANARY, canary.counted);
  addRoute(state, Metric.CanaryErrorsTotal, ROUTE_ID_CANARY + 1, canary.failed);
  addRoute(state, Metric.StableRequestsTotal, ROUTE_ID_CANARY + 2, canary.stableCounted);
  addRoute(state, Metric.StableErrorsTotal, ROUTE_ID_CANARY + 3, canary.stableFailed);
  canary.counted = 0;
  canary.failed = 0;
  canary.stableCounted = 0;
  canary.stableFailed = 0;
}

/** Adds to a counter of the route. @param idIndex place of the metric's id within the route's state */
function addRoute(state: RouteState, metric: Metric, idIndex: i32, pending: u32): void {
  if (pending == 0) return;
  routeLabels(state);
  add(metric, routeMetricId(state, idIndex), pending);
}

function publishArm(state: ArmState): void {
  if (state.requests != 0) {
    armLabels(state);
    add(Metric.ArmRequestsTotal, armMetricId(state, 0), state.requests);
    state.requests = 0;
  }
  if (state.failures != 0) {
    armLabels(state);
    add(Metric.ArmFailuresTotal, armMetricId(state, 1), state.failures);
    state.failures = 0;
  }
  if (state.ignored != 0) {
    armLabels(state);
    add(Metric.ArmIgnoredTotal, armMetricId(state, 2), state.ignored);
    state.ignored = 0;
  }
}

function publishLimit(index: i32): void {
  const state = limitState(index);
  if (state.limited != 0) {
    routeLabels(routeState(state.route));
    appendLabel("limit", limitName(state), state.nameLength);
    const place = changetype<usize>(state) + offsetof<LimitState>("limitedId");
    add(Metric.LimitedTotal, place, state.limited);
    state.limited = 0;
  }
  if (state.admitted != 0) {
    routeLabels(routeState(state.route));
    appendLabel("limit", limitName(state), state.nameLength);
    const place = changetype<usize>(state) + offsetof<LimitState>("admittedId");
    add(Metric.LimitAdmittedTotal, place, state.admitted);
    state.admitted = 0;
  }
}

/** Writes all gauges of routes and arms that have seen traffic. */
export function publishGauges(nowMs: f64): void {
  if (workerNumber() < 0) return;
  for (let i = 0; i < routeStatesUsed(); i++) {
    const state = routeState(i);
    if (state.nameHash == 0) continue;
    if (state.arrivalMs > 0) publishRouteGauges(state);
    publishCanaryGauge(state, canaryState(i));
  }
  for (let i = 0; i < armStatesUsed(); i++) {
    const state = armState(i);
    if (state.nameHash != 0 && state.errorMs > 0) publishArmGauges(state, nowMs);
  }
}

function publishRouteGauges(state: RouteState): void {
  const sketch = routeSketch(state);
  const quantiles = routeMetricId(state, ROUTE_ID_QUANTILES);
  routeWorkerLabels(state);
  const score = <u64>max(0, state.scorePermille);
  set(Metric.ScorePermille, routeMetricId(state, ROUTE_ID_SCORE), score);
  routeWorkerLabels(state);
  set(Metric.RouteP50Microseconds, quantiles, micro(quantileMs(sketch, 500)));
  routeWorkerLabels(state);
  set(Metric.RouteP95Microseconds, quantiles + 4, micro(quantileMs(sketch, 950)));
  routeWorkerLabels(state);
  set(Metric.RouteP99Microseconds, quantiles + 8, micro(quantileMs(sketch, 990)));
  routeWorkerLabels(state);
  const ttfb = micro(routeTtfb(state).slowMs);
  set(Metric.RouteTtfbMicroseconds, routeMetricId(state, ROUTE_ID_TTFB), ttfb);
  const alarm = changetype<Calibrator>(routeAlarm(state));
  routeWorkerLabels(state);
  const open = calibratorOpen(alarm) ? 1 : 0;
  set(Metric.IncidentOpen, routeMetricId(state, ROUTE_ID_INCIDENT_OPEN), open);
  routeWorkerLabels(state);
  const threshold = millibans(calibratorThreshold(alarm));
  set(Metric.ThresholdMillibans, routeMetricId(state, ROUTE_ID_THRESHOLD), threshold);
  for (let i = 0; i < SCORE_LAYERS; i++) {
    routeLabels(state);
    appendLiteralLabel("layer", layerName(i));
    appendNumberLabel("worker", workerNumber());
    const evidence = millibans(routeLayer(state, i).told);
    set(Metric.LayerEvidenceMillibans, routeMetricId(state, ROUTE_ID_LAYERS + i), evidence);
  }
}

/** A canary that no configuration speaks of any more is none: its gauge must not alarm for ever. */
function publishCanaryGauge(state: RouteState, canary: CanaryState): void {
  const place = routeMetricId(state, ROUTE_ID_CANARY_KILLED);
  if (canary.inForce == 0 && load<u32>(place) == 0) return;
  const killed = canary.inForce != 0 && canary.killedS != 0;
  canary.inForce = 0;
  routeLabels(state);
  set(Metric.CanaryKilled, place, killed ? 1 : 0);
  if (!killed && load<u32>(place, 4) == 0) return;
  routeLabels(state);
  set(Metric.CanaryKillTimeSeconds, place + 4, killed ? canary.killedS : 0);
  routeLabels(state);
  set(Metric.CanaryKillAnswers, place + 8, killed ? canary.requests : 0);
  routeLabels(state);
  set(Metric.CanaryKillErrors, place + 12, killed ? canary.errors : 0);
}

function publishArmGauges(state: ArmState, nowMs: f64): void {
  const sketch = armSketch(state);
  armWorkerLabels(state);
  const latency = micro(expectedMs(armLatency(state), nowMs));
  set(Metric.ArmLatencyMicroseconds, armMetricId(state, 3), latency);
  armWorkerLabels(state);
  set(Metric.ArmP50Microseconds, armMetricId(state, 4), micro(quantileMs(sketch, 500)));
  armWorkerLabels(state);
  set(Metric.ArmP95Microseconds, armMetricId(state, 5), micro(quantileMs(sketch, 950)));
  armWorkerLabels(state);
  set(Metric.ArmP99Microseconds, armMetricId(state, 6), micro(quantileMs(sketch, 990)));
  armWorkerLabels(state);
  set(Metric.ArmErrorPermille, armMetricId(state, 7), <u64>(errorAt(state, nowMs) * 1000));
  armWorkerLabels(state);
  set(Metric.ArmInFlight, armMetricId(state, 8), <u64>max(0, state.inFlight));
  armWorkerLabels(state);
  set(Metric.ArmEjected, armMetricId(state, 9), isEjected(state, nowMs) ? 1 : 0);
  armWorkerLabels(state);
  set(Metric.ArmTtfbMicroseconds, armMetricId(state, 10), micro(armTtfb(state).slowMs));
}

/** The worker's own gauges: which configuration and model it runs, and that it runs. */
export function publishWorker(
  epoch: u64,
  modelVersion: u32,
  configRefused: bool,
  nowNs: u64,
): void {
  const worker = workerNumber();
  if (worker < 0) return;
  beginText();
  appendNumberLabel("worker", worker);
  set(Metric.ConfigEpoch, workerIds, epoch);
  beginText();
  appendNumberLabel("worker", worker);
  set(Metric.ModelVersion, workerIds + 4, modelVersion);
  beginText();
  appendNumberLabel("worker", worker);
  set(Metric.ConfigError, workerIds + 8, configRefused ? 1 : 0);
  beginText();
  appendNumberLabel("worker", worker);
  set(Metric.HeartbeatSeconds, workerIds + 12, nowNs / 1_000_000_000);
}
