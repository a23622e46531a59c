// Puts a record that has been read completely into the settings block, and checks what concerns
// more than one field: unique names, one default, capacities of the pools. The arms, limits and
// values of a route lie next to each other in their pools, because routes do not nest.

import {
  AnomalyField,
  ArmField,
  EjectionField,
  MatchField,
  RecordKind,
  RouteField,
} from "../contract/config";
import { ConfigProblem } from "../contract/config-problem";
import { ARMS_MAX, LIMITS_MAX, LIMIT_VALUES_MAX, ROUTES_MAX } from "../contract/limits";
import { storeCanary } from "./canary-store";
import { clearFallback, resolveFallback } from "./fallback";
import { integerOf, slot } from "./field-slot";
import { openLimit, storeLimit, storeLimitValue } from "./limit-store";
import { storeModel } from "./model-store";
import { parsing, refuse, refuseField } from "./parsing";
import { enterKey } from "./place";
import { storeRoot } from "./root-store";
import { RouteSettings, armSettings, routeSettings } from "./settings";
import { textEquals } from "./text-rule";

/** Free places for a kind of record; minus the pool's size when there is none. */
export function roomFor(record: RecordKind): i32 {
  const settings = parsing.settings;
  switch (record) {
    case RecordKind.Route:
      return settings.routeCount < ROUTES_MAX ? 1 : -ROUTES_MAX;
    case RecordKind.Arm:
      return settings.armCount < ARMS_MAX ? 1 : -ARMS_MAX;
    case RecordKind.Limit:
      return settings.limitCount < LIMITS_MAX ? 1 : -LIMITS_MAX;
    case RecordKind.LimitValue:
      return settings.valueCount < LIMIT_VALUES_MAX ? 1 : -LIMIT_VALUES_MAX;
    default:
      return 1;
  }
}

/** Before the first field of a record: notes where its parts begin in the pools. */
export function openRecord(record: RecordKind): void {
  if (record == RecordKind.Limit) return openLimit();
  if (record != RecordKind.Route) return;
  const route = currentRoute();
  route.armFirst = parsing.settings.armCount;
  route.limitFirst = parsing.settings.limitCount;
  route.armDefault = -1;
  clearFallback();
}

/** After the last field of a record: checks it as a whole and stores it. */
export function storeRecord(record: RecordKind): bool {
  switch (record) {
    case RecordKind.Root:
      return storeRoot();
    case RecordKind.Route:
      return storeRoute();
    case RecordKind.Arm:
      return storeArm();
    case RecordKind.Limit:
      return storeLimit(currentRoute());
    case RecordKind.LimitValue:
      return storeLimitValue();
    case RecordKind.Model:
      return storeModel();
    default:
      // Match, ejection, anomaly and canary are stored with their route, given or not.
      return true;
  }
}

/** The route being read stands behind the complete ones. */
function currentRoute(): RouteSettings {
  return routeSettings(parsing.settings, parsing.settings.routeCount);
}

function storeArm(): bool {
  const settings = parsing.settings;
  const route = currentRoute();
  const name = slot(RecordKind.Arm, ArmField.Name);
  for (let i = route.armFirst; i < settings.armCount; i++) {
    const other = armSettings(settings, i);
    if (textEquals(other.namePtr, other.nameLength, name.textPtr, name.textLength)) {
      return refuseField(RecordKind.Arm, ArmField.Name, ConfigProblem.NameTaken);
    }
  }
  if (integerOf(RecordKind.Arm, ArmField.Default) != 0) {
    if (route.armDefault >= 0) {
      return refuseField(RecordKind.Arm, ArmField.Default, ConfigProblem.TwoDefaults);
    }
    route.armDefault = settings.armCount - route.armFirst;
  }
  const arm = armSettings(settings, settings.armCount);
  arm.namePtr = name.textPtr;
  arm.nameLength = name.textLength;
  arm.weight = integerOf(RecordKind.Arm, ArmField.Weight);
  settings.armCount++;
  return true;
}

function storeRoute(): bool {
  const settings = parsing.settings;
  const route = currentRoute();
  const name = slot(RecordKind.Route, RouteField.Name);
  for (let i = 0; i < settings.routeCount; i++) {
    const other = routeSettings(settings, i);
    if (textEquals(other.namePtr, other.nameLength, name.textPtr, name.textLength)) {
      return refuseField(RecordKind.Route, RouteField.Name, ConfigProblem.NameTaken);
    }
  }
  route.namePtr = name.textPtr;
  route.nameLength = name.textLength;
  route.mode = integerOf(RecordKind.Route, RouteField.Mode);
  route.armCount = settings.armCount - route.armFirst;
  route.limitCount = settings.limitCount - route.limitFirst;
  if (!storeMatch(route) || !weighArms(route) || !resolveFallback(route)) return false;
  if (!storeCanary(route)) return false;
  const errorPermille = integerOf(RecordKind.Ejection, EjectionField.ErrorPermille);
  route.ejectionErrorQ = <f32>errorPermille / 1000;
  route.ejectionRequestsMin = integerOf(RecordKind.Ejection, EjectionField.RequestsMin);
  route.ejectionDurationMs = integerOf(RecordKind.Ejection, EjectionField.DurationMs);
  route.anomalyThresholdPermille = integerOf(RecordKind.Anomaly, AnomalyField.ThresholdPermille);
  route.anomalyAct = integerOf(RecordKind.Anomaly, AnomalyField.Act);
  route.falseAlarmsPerHour = <f32>slot(RecordKind.Anomaly, AnomalyField.FalseAlarmsPerHour).number;
  route.statisticsLayer = integerOf(RecordKind.Anomaly, AnomalyField.Statistics);
  route.sequenceLayer = integerOf(RecordKind.Anomaly, AnomalyField.Sequence);
  route.contentLayer = integerOf(RecordKind.Anomaly, AnomalyField.Content);
  settings.routeCount++;
  return true;
}

function storeMatch(route: RouteSettings): bool {
  const prefix = slot(RecordKind.Match, MatchField.PathPrefix);
  const exact = slot(RecordKind.Match, MatchField.PathExact);
  if (prefix.textLength > 0 && exact.textLength > 0) {
    enterKey("match");
    return refuseField(RecordKind.Match, MatchField.PathExact, ConfigProblem.PrefixAndExact);
  }
  route.pathExact = i32(exact.textLength > 0);
  route.pathPtr = route.pathExact ? exact.textPtr : prefix.textPtr;
  route.pathLength = exact.textLength + prefix.textLength;
  const method = slot(RecordKind.Match, MatchField.Method);
  route.methodPtr = method.textPtr;
  route.methodLength = method.textLength;
  const authority = slot(RecordKind.Match, MatchField.Authority);
  route.authorityPtr = authority.textPtr;
  route.authorityLength = authority.textLength;
  return true;
}

function weighArms(route: RouteSettings): bool {
  if (route.armDefault < 0) route.armDefault = 0;
  route.weightSum = 0;
  for (let i = 0; i < route.armCount; i++) {
    route.weightSum += armSettings(parsing.settings, route.armFirst + i).weight;
  }
  if (route.armCount == 0 || route.weightSum > 0) return true;
  enterKey("arms");
  return refuse(ConfigProblem.NoWeight);
}
