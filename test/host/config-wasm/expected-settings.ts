// What the filter should make of a configuration, computed from the JSON value by other means:
// object spreads for defaults, BigInt for rates. The twin of assembly/config for the round-trip
// test.

import type { LimitConfig, RootConfig, RouteConfig } from "./random-config";
import type { Fields, ReadCanary, ReadNamed, ReadRoute, ReadSettings } from "./settings-reader";
import { referenceHash64 } from "./reference-hashes";

const MODES = ["enforce", "shadow", "inherit"];
const EXPOSES = ["tagged", "always", "never"];
const ACTS = ["observe", "tag", "reroute", "shed"];
const LAYERS = ["act", "observe", "off"];

const hash = (...names: string[]): bigint => referenceHash64(Buffer.from(names.join("\0")));

function bucket(rate: { requests_per_second: number; burst: number }): Fields {
  const rounded = BigInt(Math.max(Math.floor(1e9 / rate.requests_per_second + 0.5), 1));
  return {
    intervalNs: rounded,
    capacityNs: rounded * BigInt(rate.burst),
    leaseTokens: Math.max(Math.floor(Math.min(rate.requests_per_second / 200, rate.burst)), 1),
  };
}

/** Pointers and pool indices are left out: the reader has followed them. */
export function expectedSettings(config: RootConfig): ReadSettings {
  const mode = config.mode ?? "shadow";
  const keyHeaders: string[] = [];
  const routes = (config.routes ?? []).map((route) => expectedRoute(route, mode, keyHeaders));
  const limits = routes.flatMap((route) => route.limits);
  return {
    root: {
      epoch: BigInt(config.epoch ?? 0),
      mode: MODES.indexOf(mode),
      expose: EXPOSES.indexOf(config.expose ?? "tagged"),
      fastHalfLifeMs: config.fast_half_life_ms ?? 200,
      slowHalfLifeMs: config.slow_half_life_ms ?? 3500,
      quantileHalfLifeMs: config.quantile_half_life_ms ?? 30_000,
      explorationPermille: config.exploration_permille ?? 10,
      routeCount: routes.length,
      armCount: routes.flatMap((route) => route.arms).length,
      limitCount: limits.length,
      valueCount: limits.flatMap((limit) => limit.values).length,
      keyHeaderCount: keyHeaders.length,
      hasModel: config.model ? 1 : 0,
      modelShadow: config.model?.mode === "shadow" ? 1 : 0,
      canaryCount: routes.filter((route) => route.canary !== null).length,
      sequence: 0,
      artifactBytes: Buffer.from(config.model?.base64 ?? "", "base64").length,
    },
    routes,
    keyHeaders,
  };
}

function expectedRoute(route: RouteConfig, rootMode: string, keyHeaders: string[]): ReadRoute {
  const own = route.mode ?? "inherit";
  const mode = own === "inherit" ? rootMode : own;
  const ejection = {
    error_permille: 500,
    requests_min: 20,
    duration_ms: 10_000,
    ...route.ejection,
  };
  const anomaly = {
    threshold_permille: 0,
    act: "tag",
    false_alarms_per_hour: 1,
    statistics: "act",
    sequence: "observe",
    content: "observe",
    ...route.anomaly,
  };
  const arms = route.arms ?? [];
  const exact = route.match?.["path_exact"] ?? "";
  const chosen = arms.findIndex((arm) => arm.default === true);
  return {
    name: route.name,
    path: exact || (route.match?.["path_prefix"] ?? ""),
    method: route.match?.["method"] ?? "",
    authority: route.match?.["authority"] ?? "",
    fields: {
      nameHash: hash(route.name),
      pathExact: exact === "" ? 0 : 1,
      mode: MODES.indexOf(mode),
      armCount: arms.length,
      armDefault: Math.max(chosen, 0),
      limitCount: route.limits?.length ?? 0,
      ejectionErrorQ: Math.fround(Math.fround(ejection.error_permille) / 1000),
      ejectionRequestsMin: ejection.requests_min,
      ejectionDurationMs: ejection.duration_ms,
      anomalyThresholdPermille: anomaly.threshold_permille,
      anomalyAct: ACTS.indexOf(anomaly.act),
      falseAlarmsPerHour: Math.fround(anomaly.false_alarms_per_hour),
      statisticsLayer: LAYERS.indexOf(anomaly.statistics),
      sequenceLayer: LAYERS.indexOf(anomaly.sequence),
      contentLayer: LAYERS.indexOf(anomaly.content),
      weightSum: arms.reduce((sum, arm) => sum + (arm.weight ?? 100), 0),
    },
    arms: expectedArms(route),
    canary: expectedCanary(route, mode),
    limits: (route.limits ?? []).map((limit) => expectedLimit(route, limit, mode, keyHeaders)),
  };
}

function expectedCanary(route: RouteConfig, routeMode: string): ReadCanary | null {
  const canary = route.canary;
  if (!canary) return null;
  const own = canary.mode ?? "inherit";
  const mode = own === "inherit" ? routeMode : own;
  const key = hash(route.name, canary.id);
  return {
    stable: canary.stable,
    cluster: canary.cluster,
    fields: {
      // A verdict of a guard in shadow is another one.
      hash: mode === "shadow" ? BigInt.asUintN(64, ~key) : key,
      stableArm: (route.arms ?? []).findIndex((arm) => arm.name === canary.stable),
      clusterStar: canary.cluster.indexOf("*"),
      mode: MODES.indexOf(mode),
      errorStepQ16: canary.error_step_q16 ?? Math.round(Math.log(10) * 65536),
      successStepQ16: canary.success_step_q16 ?? Math.round(Math.log(0.99 / 0.9) * 65536),
      thresholdQ16: canary.threshold_q16 ?? Math.round(Math.log(1000) * 65536),
      floorQ16: canary.floor_q16 ?? Math.round(Math.log(100_000) * 65536),
      requestsMin: canary.requests_min ?? 10,
      odds: canary.odds ?? 0,
    },
  };
}

function expectedArms(route: RouteConfig): ReadNamed[] {
  const names = (route.arms ?? []).map((arm) => arm.name);
  const order = [...new Set([...(route.fallback ?? []), ...names])];
  return (route.arms ?? []).map((arm, place) => ({
    name: arm.name,
    fields: {
      nameHash: hash(route.name, arm.name),
      weight: arm.weight ?? 100,
      fallback: names.indexOf(order[place] as string),
    },
  }));
}

function expectedLimit(
  route: RouteConfig,
  limit: LimitConfig,
  routeMode: string,
  keyHeaders: string[],
): ReadNamed & { values: ReadNamed[] } {
  const own = limit.mode ?? "inherit";
  const key = limit.key_header ?? "";
  if (key !== "" && !keyHeaders.includes(key)) keyHeaders.push(key);
  return {
    name: limit.name,
    fields: {
      nameHash: hash(route.name, limit.name),
      ...bucket(limit),
      mode: MODES.indexOf(own === "inherit" ? routeMode : own),
      keyHeader: keyHeaders.indexOf(key),
      valueCount: limit.values?.length ?? 0,
    },
    values: (limit.values ?? []).map((value) => ({ name: value.value, fields: bucket(value) })),
  };
}
