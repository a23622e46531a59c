// The compiled configuration that travels as pluginConfig: every record, field, unit, default and
// bound, once. A description function instead of a table, because AssemblyScript has no object
// literals: the filter's visitor looks one field up and checks what the JSON reader hands it, the host
// tool's visitors make the JSON Schema, the validator, the reference and the defaults.
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

import {
  ARMS_PER_ROUTE_MAX,
  AUTHORITY_LENGTH_MAX,
  KEY_VALUE_BYTES_MAX,
  LIMITS_PER_ROUTE_MAX,
  LIMIT_VALUES_PER_LIMIT_MAX,
  NAME_LENGTH_MAX,
  PATH_LENGTH_MAX,
  ROUTES_MAX,
} from "./limits";

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
}
export const RECORD_KINDS: i32 = 9;

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
    default:
      describeModel(v);
      break;
  }
}

/** One sentence on a field, for the reference and the JSON Schema; the filter never calls it. */
export function fieldHelp(record: RecordKind, id: i32): string {
  switch (record * 16 + id) {
    case 0:
      return "Version of this format.";
    case 1:
      return "Only goes up; an older configuration that arrives late is accepted and ignored.";
    case 2:
      return "Shadow computes and counts every verdict and carries none out.";
    case 3:
      return "When score, verdict, reason and model headers are written upstream.";
    case 4:
      return "Half-life of the fast latency estimate, in ms.";
    case 5:
      return "Half-life of the slow latency estimate, in ms.";
    case 6:
      return "Half-life of the quantile sketches, in ms.";
    case 7:
      return "Share of requests that may look at an arm whose estimate is stale, in permille.";
    case 8:
      return "Routes in match order; the first that matches counts.";
    case 9:
      return "The scorer's weights.";
    case 16:
      return "Key of what is learnt: estimates survive as long as the name does.";
    case 17:
      return "Which requests; empty matches all.";
    case 18:
      return "Overrides the mode of the whole configuration.";
    case 19:
      return "Destinations a routing header can select.";
    case 20:
      return "Order of arms when every arm with weight is ejected; the declared order by default.";
    case 21:
      return "When an arm stops getting traffic.";
    case 22:
      return "Local rate limits, exact over the proxy's workers; all must admit.";
    case 23:
      return "What a high score does.";
    case 32:
      return "The path starts with this.";
    case 33:
      return "The path without query equals this.";
    case 34:
      return "The method equals this.";
    case 35:
      return "The authority equals this, port included.";
    case 48:
      return "Value of x-ganglion-arm, and label of its metrics.";
    case 49:
      return "Preference; latency is divided by it. 0 is standby: used by the fallback order only.";
    case 50:
      return "Gets no header; the first arm where none says so.";
    case 64:
      return "Error EWMA at which an arm is ejected, in permille; 0 never ejects.";
    case 65:
      return "Requests an arm must have seen before it can be ejected.";
    case 66:
      return "First ejection in ms; doubles each time the arm fails again, up to ten times.";
    case 80:
      return "Label of its metrics.";
    case 81:
      return "Overrides the mode of the route.";
    case 82:
      return "One bucket per value of this request header; empty: one bucket in all.";
    case 83:
      return "Refill of a bucket; values not listed get this each.";
    case 84:
      return "Capacity of a bucket.";
    case 85:
      return "Header values with a rate of their own.";
    case 96:
      return "The header's value, compared byte by byte.";
    case 97:
      return "Refill for this value.";
    case 98:
      return "Capacity for this value.";
    case 112:
      return "A fixed score at which a request counts as anomalous; 0 adapts to false_alarms_per_hour.";
    case 113:
      return "What happens to an anomalous request.";
    case 114:
      return "False alarms of this route and worker in an hour of healthy traffic that are accepted.";
    case 115:
      return "What streaming statistics of latency, errors and rates take part in.";
    case 116:
      return "What the model of the request sequence takes part in.";
    case 117:
      return "What the scorer of path and query takes part in.";
    case 128:
      return "SHA-256 of the artifact's bytes.";
    default:
      return "The artifact's bytes.";
  }
}
