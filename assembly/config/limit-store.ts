// Rate limits of the route being read: stored with their values and key headers, rates turned into
// what the token bucket adds and compares.

import { LimitField, LimitValueField, RecordKind } from "../contract/config";
import { ConfigProblem } from "../contract/config-problem";
import { KEY_HEADERS_MAX } from "../contract/limits";
import { FieldSlot, integerOf, slot } from "./field-slot";
import { parsing, refuse, refuseField } from "./parsing";
import { enterKey } from "./place";
import { CAPACITY_NS_MAX, capacityNs, intervalNs, leaseTokens } from "./rate";
import {
  LimitSettings,
  RouteSettings,
  keyHeader,
  limitSettings,
  limitValueSettings,
} from "./settings";
import { textEquals } from "./text-rule";

/** The limit being read stands behind the complete ones. */
function currentLimit(): LimitSettings {
  return limitSettings(parsing.settings, parsing.settings.limitCount);
}

/** Before the first field of a limit. */
export function openLimit(): void {
  currentLimit().valueFirst = parsing.settings.valueCount;
}

/** Index of a key header, entered if it is new; -1 when there are too many. */
function keyHeaderIndex(name: FieldSlot): i32 {
  const settings = parsing.settings;
  const count = settings.keyHeaderCount;
  for (let i = 0; i < count; i++) {
    const known = keyHeader(settings, i);
    if (textEquals(known.namePtr, known.nameLength, name.textPtr, name.textLength)) return i;
  }
  if (count >= KEY_HEADERS_MAX) return -1;
  keyHeader(settings, count).namePtr = name.textPtr;
  keyHeader(settings, count).nameLength = name.textLength;
  settings.keyHeaderCount = count + 1;
  return count;
}

function storeKey(limit: LimitSettings): bool {
  const key = slot(RecordKind.Limit, LimitField.KeyHeader);
  limit.keyHeader = -1;
  if (key.textLength > 0) {
    limit.keyHeader = keyHeaderIndex(key);
    if (limit.keyHeader >= 0) return true;
    refuseField(RecordKind.Limit, LimitField.KeyHeader, ConfigProblem.TooManyKeyHeaders);
    parsing.report.high = KEY_HEADERS_MAX;
    return false;
  }
  if (limit.valueCount == 0) return true;
  enterKey("values");
  return refuse(ConfigProblem.ValuesWithoutKey);
}

function refuseCapacity(record: RecordKind, burstId: i32): bool {
  refuseField(record, burstId, ConfigProblem.CapacityTooLarge);
  parsing.report.high = floor<f64>(<f64>CAPACITY_NS_MAX / 1e9);
  return false;
}

/** After the last field of a limit of `route`. */
export function storeLimit(route: RouteSettings): bool {
  const settings = parsing.settings;
  const name = slot(RecordKind.Limit, LimitField.Name);
  for (let i = route.limitFirst; i < settings.limitCount; i++) {
    const other = limitSettings(settings, i);
    if (textEquals(other.namePtr, other.nameLength, name.textPtr, name.textLength)) {
      return refuseField(RecordKind.Limit, LimitField.Name, ConfigProblem.NameTaken);
    }
  }
  const limit = currentLimit();
  limit.namePtr = name.textPtr;
  limit.nameLength = name.textLength;
  limit.mode = integerOf(RecordKind.Limit, LimitField.Mode);
  limit.valueCount = settings.valueCount - limit.valueFirst;
  if (!storeKey(limit)) return false;
  const rate = slot(RecordKind.Limit, LimitField.RequestsPerSecond).number;
  const burst = integerOf(RecordKind.Limit, LimitField.Burst);
  limit.intervalNs = intervalNs(rate);
  limit.capacityNs = capacityNs(burst, limit.intervalNs);
  limit.leaseTokens = leaseTokens(rate, burst);
  if (limit.capacityNs == 0) return refuseCapacity(RecordKind.Limit, LimitField.Burst);
  settings.limitCount++;
  return true;
}

/** After the last field of a value of the limit being read. */
export function storeLimitValue(): bool {
  const settings = parsing.settings;
  const text = slot(RecordKind.LimitValue, LimitValueField.Value);
  for (let i = currentLimit().valueFirst; i < settings.valueCount; i++) {
    const other = limitValueSettings(settings, i);
    if (textEquals(other.valuePtr, other.valueLength, text.textPtr, text.textLength)) {
      return refuseField(RecordKind.LimitValue, LimitValueField.Value, ConfigProblem.NameTaken);
    }
  }
  const value = limitValueSettings(settings, settings.valueCount);
  const rate = slot(RecordKind.LimitValue, LimitValueField.RequestsPerSecond).number;
  const burst = integerOf(RecordKind.LimitValue, LimitValueField.Burst);
  value.valuePtr = text.textPtr;
  value.valueLength = text.textLength;
  value.intervalNs = intervalNs(rate);
  value.capacityNs = capacityNs(burst, value.intervalNs);
  value.leaseTokens = leaseTokens(rate, burst);
  if (value.capacityNs == 0) return refuseCapacity(RecordKind.LimitValue, LimitValueField.Burst);
  settings.valueCount++;
  return true;
}
