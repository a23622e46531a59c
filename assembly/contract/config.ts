// The compiled configuration that travels as pluginConfig: every record, field, unit, default and
// bound, once. A description function instead of a table, because AssemblyScript has no object
// literals: the filter's visitor looks one field up and checks what the JSON reader hands it, the host
// tool's visitors make the JSON Schema, the validator, the reference and the defaults.
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

import {
  ARMS_PER_ROUTE_MAX,
  AUTHORITY_LENGTH_MAX,
  CLUSTER_LENGTH_MAX,
  KEY_VALUE_BYTES_MAX,
  LIMITS_PER_ROUTE_MAX,
  LIMIT_VALUES_PER_LIMIT_MAX,
  NAME_LENGTH_MAX,
  PATH_LENGTH_MAX,
  ROUTES_MAX,
} from "./limits";

/** Natural logarithms, Q16: 1 % errors of a healthy canary against 10 %, one false kill in 1,000. */
export const CANARY_ERROR_STEP_Q16: i32 = 150902;
export const CANARY_SUCCESS_STEP_Q16: i32 = 6246;
export const CANARY_THRESHOLD_Q16: i32 = 452707;
export const CANARY_FLOOR_Q16: i32 = 754511;

/** The only configuration version this filter reads. */
export const CONFIG_VERSION: i32 = 1;
/** Largest epoch: JSON numbers are doubles, so integers are exact up to here. */
export const EPOCH_MAX: f64 = 9007199254740991.0;

/** The kinds of JSON object in a configuration. */
export enum RecordKind {
  Root = 0,
  Route = 1,
  Match = 2,
  Arm = 3,
  Ejection = 4,
  Limit = 5,
  LimitValue = 6,
  Anomaly = 7,
  Model = 8,
  Canary = 9,
}
export const RECORD_KINDS: i32 = 10;

/** Field ids; unique within their record. */
export enum RootField {
  Version = 0,
  Epoch = 1,
  Mode = 2,
  Expose = 3,
  FastHalfLifeMs = 4,
  SlowHalfLifeMs = 5,
  QuantileHalfLifeMs = 6,
  ExplorationPermille = 7,
  Routes = 8,
  Model = 9,
}
export enum RouteField {
  Name = 0,
  Match = 1,
  Mode = 2,
  Arms = 3,
  Fallback = 4,
  Ejection = 5,
  Limits = 6,
  Anomaly = 7,
  Canary = 8,
}
export enum MatchField {
  PathPrefix = 0,
  PathExact = 1,
  Method = 2,
  Authority = 3,
}
export enum ArmField {
  Name = 0,
  Weight = 1,
  Default = 2,
}
export enum EjectionField {
  ErrorPermille = 0,
  RequestsMin = 1,
  DurationMs = 2,
}
export enum LimitField {
  Name = 0,
  Mode = 1,
  KeyHeader = 2,
  RequestsPerSecond = 3,
  Burst = 4,
  Values = 5,
}
export enum LimitValueField {
  Value = 0,
  RequestsPerSecond = 1,
  Burst = 2,
}
export enum AnomalyField {
  ThresholdPermille = 0,
  Act = 1,
  FalseAlarmsPerHour = 2,
  Statistics = 3,
  Sequence = 4,
  Content = 5,
}
export enum ModelField {
  Sha256 = 0,
  Base64 = 1,
  Mode = 2,
}
export enum CanaryField {
  Id = 0,
  Mode = 1,
  Stable = 2,
  Cluster = 3,
  ErrorStepQ16 = 4,
  SuccessStepQ16 = 5,
  ThresholdQ16 = 6,
  FloorQ16 = 7,
  RequestsMin = 8,
  Odds = 9,
}

/** Index into "enforce|shadow|inherit". */
export enum Mode {
  Enforce = 0,
  Shadow = 1,
  Inherit = 2,
}
/** Index into "tagged|always|never": when score, verdict, reason and model headers are written. */
export enum Expose {
  Tagged = 0,
  Always = 1,
  Never = 2,
}
/** Index into "observe|tag|reroute|shed". */
export enum AnomalyAct {
  Observe = 0,
  Tag = 1,
  Reroute = 2,
  Shed = 3,
}

/** Index into "act|observe|off": what a layer of the scorer takes part in. */
export enum Layer {
  /** Its evidence can raise an alarm. */
  Act = 0,
  /** Its evidence is computed and told, and raises none. */
  Observe = 1,
  Off = 2,
}

/** What a text field may contain. */
export enum TextRule {
  /** ASCII letters, digits, `-`, `_` and `.`; starts with a letter or digit. */
  Name = 0,
  /** Visible ASCII without spaces. */
  Token = 1,
  /** Lower-case header name: letters, digits, `-`, `_`. */
  HeaderName = 2,
  /** Starts with `/`; visible ASCII. */
  Path = 3,
  /** Exactly 64 lower-case hexadecimal digits. */
  Sha256 = 4,
  /** RFC 4648 base64 with padding. */
  Base64 = 5,
}

/** Interpreted by the filter and by several readers in the host tool. */
export abstract class FieldVisitor {
  /** A whole number in [low, high]. A negative fallback outside the bounds means: required. */
  abstract integer(id: i32, key: string, fallback: f64, low: f64, high: f64): void;
  /** A real number in [low, high]. */
  abstract real(id: i32, key: string, fallback: f64, low: f64, high: f64): void;
  abstract flag(id: i32, key: string, fallback: bool): void;
  /** One of the `|`-separated names; the value is its index. */
  abstract choice(id: i32, key: string, names: string, fallback: i32): void;
  /** A string; lengthMin 0 means optional, with the empty string as default. */
  abstract text(id: i32, key: string, rule: TextRule, lengthMin: i32, lengthMax: i32): void;
  /** An array of records. countMin 0 means optional. */
  abstract records(id: i32, key: string, record: RecordKind, countMin: i32, countMax: i32): void;
  /** One record. */
  abstract record(id: i32, key: string, record: RecordKind, required: bool): void;
  /** An array of arm names. */
  abstract names(id: i32, key: string, countMax: i32): void;
}

/** Marks an integer or real without default. */
export const REQUIRED: f64 = -1.0;

function describeRoot(v: FieldVisitor): void {
  v.integer(RootField.Version, "version", REQUIRED, 1, 1);
  v.integer(RootField.Epoch, "epoch", 0, 0, EPOCH_MAX);
  v.choice(RootField.Mode, "mode", "enforce|shadow", Mode.Shadow);
  v.choice(RootField.Expose, "expose", "tagged|always|never", Expose.Tagged);
  v.integer(RootField.FastHalfLifeMs, "fast_half_life_ms", 200, 10, 60000);
  v.integer(RootField.SlowHalfLifeMs, "slow_half_life_ms", 3500, 100, 3600000);
  v.integer(RootField.QuantileHalfLifeMs, "quantile_half_life_ms", 30000, 1000, 3600000);
  v.integer(RootField.ExplorationPermille, "exploration_permille", 10, 0, 100);
  v.records(RootField.Routes, "routes", RecordKind.Route, 0, ROUTES_MAX);
  v.record(RootField.Model, "model", RecordKind.Model, false);
}

function describeRoute(v: FieldVisitor): void {
  v.text(RouteField.Name, "name", TextRule.Name, 1, NAME_LENGTH_MAX);
  v.record(RouteField.Match, "match", RecordKind.Match, false);
  v.choice(RouteField.Mode, "mode", "enforce|shadow|inherit", Mode.Inherit);
  v.records(RouteField.Arms, "arms", RecordKind.Arm, 0, ARMS_PER_ROUTE_MAX);
  v.names(RouteField.Fallback, "fallback", ARMS_PER_ROUTE_MAX);
  v.record(RouteField.Ejection, "ejection", RecordKind.Ejection, false);
  v.records(RouteField.Limits, "limits", RecordKind.Limit, 0, LIMITS_PER_ROUTE_MAX);
  v.record(RouteField.Anomaly, "anomaly", RecordKind.Anomaly, false);
  v.record(RouteField.Canary, "canary", RecordKind.Canary, false);
}

function describeMatch(v: FieldVisitor): void {
  v.text(MatchField.PathPrefix, "path_prefix", TextRule.Path, 0, PATH_LENGTH_MAX);
  v.text(MatchField.PathExact, "path_exact", TextRule.Path, 0, PATH_LENGTH_MAX);
  v.text(MatchField.Method, "method", TextRule.Token, 0, 16);
  v.text(MatchField.Authority, "authority", TextRule.Token, 0, AUTHORITY_LENGTH_MAX);
}

function describeArm(v: FieldVisitor): void {
  v.text(ArmField.Name, "name", TextRule.Name, 1, NAME_LENGTH_MAX);
  v.integer(ArmField.Weight, "weight", 100, 0, 1000);
  v.flag(ArmField.Default, "default", false);
}

function describeEjection(v: FieldVisitor): void {
  v.integer(EjectionField.ErrorPermille, "error_permille", 500, 0, 1000);
  v.integer(EjectionField.RequestsMin, "requests_min", 20, 1, 100000);
  v.integer(EjectionField.DurationMs, "duration_ms", 10000, 100, 600000);
}

function describeLimit(v: FieldVisitor): void {
  v.text(LimitField.Name, "name", TextRule.Name, 1, NAME_LENGTH_MAX);
  v.choice(LimitField.Mode, "mode", "enforce|shadow|inherit", Mode.Inherit);
  v.text(LimitField.KeyHeader, "key_header", TextRule.HeaderName, 0, NAME_LENGTH_MAX);
  v.real(LimitField.RequestsPerSecond, "requests_per_second", REQUIRED, 0.001, 1000000);
  v.integer(LimitField.Burst, "burst", REQUIRED, 1, 1000000);
  v.records(LimitField.Values, "values", RecordKind.LimitValue, 0, LIMIT_VALUES_PER_LIMIT_MAX);
}

function describeLimitValue(v: FieldVisitor): void {
  v.text(LimitValueField.Value, "value", TextRule.Token, 1, KEY_VALUE_BYTES_MAX);
  v.real(LimitValueField.RequestsPerSecond, "requests_per_second", REQUIRED, 0.001, 1000000);
  v.integer(LimitValueField.Burst, "burst", REQUIRED, 1, 1000000);
}

function describeAnomaly(v: FieldVisitor): void {
  v.integer(AnomalyField.ThresholdPermille, "threshold_permille", 0, 0, 1000);
  v.choice(AnomalyField.Act, "act", "observe|tag|reroute|shed", AnomalyAct.Tag);
  v.real(AnomalyField.FalseAlarmsPerHour, "false_alarms_per_hour", 1, 0.001, 3600);
  v.choice(AnomalyField.Statistics, "statistics", "act|observe|off", Layer.Act);
  v.choice(AnomalyField.Sequence, "sequence", "act|observe|off", Layer.Observe);
  v.choice(AnomalyField.Content, "content", "act|observe|off", Layer.Observe);
}

function describeModel(v: FieldVisitor): void {
  v.text(ModelField.Sha256, "sha256", TextRule.Sha256, 64, 64);
  v.text(ModelField.Base64, "base64", TextRule.Base64, 4, 131072);
  v.choice(ModelField.Mode, "mode", "enforce|shadow", Mode.Enforce);
}

function describeCanary(v: FieldVisitor): void {
  v.text(CanaryField.Id, "id", TextRule.Token, 1, NAME_LENGTH_MAX);
  v.choice(CanaryField.Mode, "mode", "enforce|shadow|inherit", Mode.Inherit);
  v.text(CanaryField.Stable, "stable", TextRule.Name, 1, NAME_LENGTH_MAX);
  v.text(CanaryField.Cluster, "cluster", TextRule.Token, 1, CLUSTER_LENGTH_MAX);
  v.integer(CanaryField.ErrorStepQ16, "error_step_q16", CANARY_ERROR_STEP_Q16, 1, 1048576);
  v.integer(CanaryField.SuccessStepQ16, "success_step_q16", CANARY_SUCCESS_STEP_Q16, 0, 1048576);
  v.integer(CanaryField.ThresholdQ16, "threshold_q16", CANARY_THRESHOLD_Q16, 1, 2097152);
  v.integer(CanaryField.FloorQ16, "floor_q16", CANARY_FLOOR_Q16, 0, 2097152);
  v.integer(CanaryField.RequestsMin, "requests_min", 10, 1, 100000);
  v.integer(CanaryField.Odds, "odds", 0, 0, 1000);
}

/** Names every field of one record to the visitor, in a fixed order. */
export function describeRecord(record: RecordKind, v: FieldVisitor): void {
  switch (record) {
    case RecordKind.Root:
      describeRoot(v);
      break;
    case RecordKind.Route:
      describeRoute(v);
      break;
    case RecordKind.Match:
      describeMatch(v);
      break;
    case RecordKind.Arm:
      describeArm(v);
      break;
    case RecordKind.Ejection:
      describeEjection(v);
      break;
    case RecordKind.Limit:
      describeLimit(v);
      break;
    case RecordKind.LimitValue:
      describeLimitValue(v);
      break;
    case RecordKind.Anomaly:
      describeAnomaly(v);
      break;
    case RecordKind.Canary:
      describeCanary(v);
      break;
    default:
      describeModel(v);
      break;
  }
}
