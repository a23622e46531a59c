// The canary's guard of the route being read. Stored with its route, because its key needs the route's
// name and its stable arm the route's arms, and JSON keys come in any order.

import { CanaryField, RecordKind } from "../contract/config";
import { ConfigProblem } from "../contract/config-problem";
import { integerOf, slot } from "./field-slot";
import { hash64Joined } from "./hash64";
import { parsing, refuseField } from "./parsing";
import { enterKey } from "./place";
import { RouteSettings, armSettings, canarySettings } from "./settings";
import { textEquals } from "./text-rule";

const STAR: u8 = 0x2a;

/** Stores the guard of a route whose name and arms are known; without one does nothing. */
export function storeCanary(route: RouteSettings): bool {
  const settings = parsing.settings;
  const cluster = slot(RecordKind.Canary, CanaryField.Cluster);
  route.canary = 0;
  // Required and never empty, so that an empty one means that the record is not there.
  if (cluster.textLength == 0) return true;
  const canary = canarySettings(settings, settings.canaryCount);
  const stable = slot(RecordKind.Canary, CanaryField.Stable);
  canary.stablePtr = stable.textPtr;
  canary.stableLength = stable.textLength;
  canary.stableArm = armNamed(route, stable.textPtr, stable.textLength);
  if (canary.stableArm < 0 && route.armCount > 0) {
    enterKey("canary");
    return refuseField(RecordKind.Canary, CanaryField.Stable, ConfigProblem.UnknownArm);
  }
  canary.clusterPtr = cluster.textPtr;
  canary.clusterLength = cluster.textLength;
  canary.clusterStar = starIn(cluster.textPtr, cluster.textLength);
  const id = slot(RecordKind.Canary, CanaryField.Id);
  const hash = hash64Joined(route.namePtr, route.nameLength, id.textPtr, id.textLength);
  canary.hash = hash == 0 ? 1 : hash;
  canary.mode = integerOf(RecordKind.Canary, CanaryField.Mode);
  canary.errorStepQ16 = integerOf(RecordKind.Canary, CanaryField.ErrorStepQ16);
  canary.successStepQ16 = integerOf(RecordKind.Canary, CanaryField.SuccessStepQ16);
  canary.thresholdQ16 = integerOf(RecordKind.Canary, CanaryField.ThresholdQ16);
  canary.floorQ16 = integerOf(RecordKind.Canary, CanaryField.FloorQ16);
  canary.requestsMin = integerOf(RecordKind.Canary, CanaryField.RequestsMin);
  canary.odds = integerOf(RecordKind.Canary, CanaryField.Odds);
  settings.canaryCount++;
  route.canary = settings.canaryCount;
  return true;
}

function armNamed(route: RouteSettings, name: usize, length: i32): i32 {
  for (let i = 0; i < route.armCount; i++) {
    const arm = armSettings(parsing.settings, route.armFirst + i);
    if (textEquals(arm.namePtr, arm.nameLength, name, length)) return i;
  }
  return -1;
}

/** Place of the first star, -1 without one. */
function starIn(text: usize, length: i32): i32 {
  for (let i = 0; i < length; i++) {
    if (load<u8>(text + <usize>i) == STAR) return i;
  }
  return -1;
}
