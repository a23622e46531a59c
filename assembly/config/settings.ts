// The configuration as the request path reads it: flat structs of one generation, in memory that is
// taken once. Not the JSON, and not objects: a request must reach what it needs by adding offsets.
//
//   Settings | RouteSettings x ROUTES_MAX | CanarySettings x ROUTES_MAX | ArmSettings x ARMS_MAX
//            | LimitSettings x LIMITS_MAX | LimitValueSettings x LIMIT_VALUES_MAX
//            | KeyHeader x KEY_HEADERS_MAX | text bytes
//
// Text is referred to by absolute pointer and length into the text bytes of the same block, already
// in the form the hot path compares with (header names and methods as they appear on the wire).

import {
  ARMS_MAX,
  KEY_HEADERS_MAX,
  LIMITS_MAX,
  LIMIT_VALUES_MAX,
  ROUTES_MAX,
  TEXT_BYTES_MAX,
} from "../contract/limits";

// @ts-ignore: decorator
@unmanaged
@final
export class RouteSettings {
  /** hash64 of the name: key of the learnt state. */
  nameHash: u64;
  namePtr: usize;
  nameLength: i32;
  /** 0 length: any path. */
  pathPtr: usize;
  pathLength: i32;
  /** 1 when pathPtr must equal the path without query, 0 when it must start it. */
  pathExact: i32;
  methodPtr: usize;
  methodLength: i32;
  authorityPtr: usize;
  authorityLength: i32;
  /** Mode.Enforce or Mode.Shadow, inheritance resolved. */
  mode: i32;
  /** Range in the arm pool. */
  armFirst: i32;
  armCount: i32;
  /** Index within the route's arms; 0 for a route without arms. */
  armDefault: i32;
  /** Range in the limit pool. */
  limitFirst: i32;
  limitCount: i32;
  ejectionErrorQ: f32;
  ejectionRequestsMin: i32;
  ejectionDurationMs: i32;
  /** 0: adapts to falseAlarmsPerHour. */
  anomalyThresholdPermille: i32;
  /** AnomalyAct. */
  anomalyAct: i32;
  falseAlarmsPerHour: f32;
  /** Layer each. */
  statisticsLayer: i32;
  sequenceLayer: i32;
  contentLayer: i32;
  /** Sum of the arms' weights. */
  weightSum: i32;
  /** Place in the canary pool + 1; 0 without a canary. */
  canary: i32;
}

/** The guard of one route's canary. */
// @ts-ignore: decorator
@unmanaged
@final
export class CanarySettings {
  /** hash64 of route name, a zero byte, id, inverted in shadow: key of the verdict. Never 0. */
  hash: u64;
  /** Name of the arm that gets the canary's requests. */
  stablePtr: usize;
  stableLength: i32;
  /** Its index within the route's arms, -1 for a route without arms. */
  stableArm: i32;
  clusterPtr: usize;
  clusterLength: i32;
  /** Where in it a star stands, -1 without one. */
  clusterStar: i32;
  /** Mode.Enforce or Mode.Shadow, inheritance resolved. */
  mode: i32;
  errorStepQ16: i32;
  successStepQ16: i32;
  thresholdQ16: i32;
  floorQ16: i32;
  requestsMin: i32;
  /** Odds of an error of a bad canary over the stable arm's; 0 compares nothing. */
  odds: i32;
}

// @ts-ignore: decorator
@unmanaged
@final
export class ArmSettings {
  /** hash64 of route name, a zero byte, arm name: key of the learnt state. */
  nameHash: u64;
  namePtr: usize;
  nameLength: i32;
  weight: i32;
  /** Arm index (within the route) that stands at this place of the fallback order. */
  fallback: i32;
}

// @ts-ignore: decorator
@unmanaged
@final
export class LimitSettings {
  /** hash64 of route name, a zero byte, limit name: first part of every bucket's key. */
  nameHash: u64;
  /** Nanoseconds of refill per token: 1e9 / requests_per_second, at least 1. */
  intervalNs: u64;
  /** Nanoseconds of refill that a full bucket holds: burst * intervalNs. */
  capacityNs: u64;
  namePtr: usize;
  nameLength: i32;
  /** Mode.Enforce or Mode.Shadow, inheritance resolved. */
  mode: i32;
  /** Index into the key headers, -1 for one bucket in all. */
  keyHeader: i32;
  /** Range in the value pool. */
  valueFirst: i32;
  valueCount: i32;
  /** Tokens per lease: five milliseconds of refill, at least 1, at most the burst. */
  leaseTokens: i32;
}

// @ts-ignore: decorator
@unmanaged
@final
export class LimitValueSettings {
  intervalNs: u64;
  capacityNs: u64;
  valuePtr: usize;
  valueLength: i32;
  leaseTokens: i32;
}

// @ts-ignore: decorator
@unmanaged
@final
export class KeyHeader {
  namePtr: usize;
  nameLength: i32;
}

// @ts-ignore: decorator
@unmanaged
@final
export class Settings {
  epoch: u64;
  mode: i32;
  /** Expose. */
  expose: i32;
  fastHalfLifeMs: f32;
  slowHalfLifeMs: f32;
  quantileHalfLifeMs: i32;
  explorationPermille: i32;
  routeCount: i32;
  armCount: i32;
  limitCount: i32;
  valueCount: i32;
  keyHeaderCount: i32;
  textBytes: i32;
  /** 1 when a model came with the configuration. */
  hasModel: i32;
  /** 1 when its layers raise no alarm, whatever the routes say. */
  modelShadow: i32;
  /** Bytes of the decoded artifact (they lie in the generation's artifact region). */
  artifactBytes: i32;
  canaryCount: i32;
  /** Number of the generation once it is in force; 0 before. */
  sequence: u32;
}

// Written out rather than through a function, so that the compiler folds them to constants.
const ROUTE_STRIDE: usize = (offsetof<RouteSettings>() + 7) & ~7;
const CANARY_STRIDE: usize = (offsetof<CanarySettings>() + 7) & ~7;
const ARM_STRIDE: usize = (offsetof<ArmSettings>() + 7) & ~7;
const LIMIT_STRIDE: usize = (offsetof<LimitSettings>() + 7) & ~7;
const VALUE_STRIDE: usize = (offsetof<LimitValueSettings>() + 7) & ~7;
const KEY_STRIDE: usize = (offsetof<KeyHeader>() + 7) & ~7;

const ROUTES_OFFSET: usize = (offsetof<Settings>() + 7) & ~7;
const CANARIES_OFFSET: usize = ROUTES_OFFSET + ROUTE_STRIDE * ROUTES_MAX;
const ARMS_OFFSET: usize = CANARIES_OFFSET + CANARY_STRIDE * ROUTES_MAX;
const LIMITS_OFFSET: usize = ARMS_OFFSET + ARM_STRIDE * ARMS_MAX;
const VALUES_OFFSET: usize = LIMITS_OFFSET + LIMIT_STRIDE * LIMITS_MAX;
const KEYS_OFFSET: usize = VALUES_OFFSET + VALUE_STRIDE * LIMIT_VALUES_MAX;
const TEXT_OFFSET: usize = KEYS_OFFSET + KEY_STRIDE * KEY_HEADERS_MAX;
/** Bytes of one settings block. */
export const SETTINGS_BYTES: usize = TEXT_OFFSET + <usize>TEXT_BYTES_MAX;

/** @param index in [0, settings.routeCount) */
// @ts-ignore: decorator
@inline
export function routeSettings(settings: Settings, index: i32): RouteSettings {
  return changetype<RouteSettings>(
    changetype<usize>(settings) + ROUTES_OFFSET + <usize>index * ROUTE_STRIDE,
  );
}

/** @param index in the pool, [0, settings.canaryCount) */
// @ts-ignore: decorator
@inline
export function canarySettings(settings: Settings, index: i32): CanarySettings {
  return changetype<CanarySettings>(
    changetype<usize>(settings) + CANARIES_OFFSET + <usize>index * CANARY_STRIDE,
  );
}

/** @param index in the pool, [0, settings.armCount) */
// @ts-ignore: decorator
@inline
export function armSettings(settings: Settings, index: i32): ArmSettings {
  return changetype<ArmSettings>(
    changetype<usize>(settings) + ARMS_OFFSET + <usize>index * ARM_STRIDE,
  );
}

/** @param index in the pool, [0, settings.limitCount) */
// @ts-ignore: decorator
@inline
export function limitSettings(settings: Settings, index: i32): LimitSettings {
  return changetype<LimitSettings>(
    changetype<usize>(settings) + LIMITS_OFFSET + <usize>index * LIMIT_STRIDE,
  );
}

/** @param index in the pool, [0, settings.valueCount) */
// @ts-ignore: decorator
@inline
export function limitValueSettings(settings: Settings, index: i32): LimitValueSettings {
  return changetype<LimitValueSettings>(
    changetype<usize>(settings) + VALUES_OFFSET + <usize>index * VALUE_STRIDE,
  );
}

/** @param index in [0, settings.keyHeaderCount) */
// @ts-ignore: decorator
@inline
export function keyHeader(settings: Settings, index: i32): KeyHeader {
  return changetype<KeyHeader>(
    changetype<usize>(settings) + KEYS_OFFSET + <usize>index * KEY_STRIDE,
  );
}

/** First byte of the block's text. */
// @ts-ignore: decorator
@inline
export function settingsText(settings: Settings): usize {
  return changetype<usize>(settings) + TEXT_OFFSET;
}
