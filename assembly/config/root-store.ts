// The end of the reading: scalars of the root, and what could not be known before because JSON keys
// come in any order. Modes are inherited from root to route to limit, and the keys of the learnt
// state need the route's name.

import { Mode, RecordKind, RootField } from "../contract/config";
import { integerOf, slot } from "./field-slot";
import { hash64, hash64Joined } from "./hash64";
import { parsing } from "./parsing";
import { RouteSettings, armSettings, canarySettings, limitSettings } from "./settings";
import { routeSettings } from "./settings";

/** After the last field of the root. */
export function storeRoot(): bool {
  const settings = parsing.settings;
  settings.epoch = <u64>max<f64>(slot(RecordKind.Root, RootField.Epoch).number, 0);
  settings.mode = integerOf(RecordKind.Root, RootField.Mode);
  settings.expose = integerOf(RecordKind.Root, RootField.Expose);
  settings.fastHalfLifeMs = <f32>integerOf(RecordKind.Root, RootField.FastHalfLifeMs);
  settings.slowHalfLifeMs = <f32>integerOf(RecordKind.Root, RootField.SlowHalfLifeMs);
  settings.quantileHalfLifeMs = integerOf(RecordKind.Root, RootField.QuantileHalfLifeMs);
  settings.explorationPermille = integerOf(RecordKind.Root, RootField.ExplorationPermille);
  for (let i = 0; i < settings.routeCount; i++) finishRoute(routeSettings(settings, i));
  return true;
}

function finishRoute(route: RouteSettings): void {
  const settings = parsing.settings;
  if (route.mode == Mode.Inherit) route.mode = settings.mode;
  route.nameHash = hash64(route.namePtr, route.nameLength);
  if (route.canary > 0) {
    const canary = canarySettings(settings, route.canary - 1);
    if (canary.mode == Mode.Inherit) canary.mode = route.mode;
    // What was found while nothing depended on it is no verdict of a guard that acts, and the other way.
    if (canary.mode == Mode.Shadow) canary.hash = canary.hash == u64.MAX_VALUE ? 1 : ~canary.hash;
  }
  for (let i = 0; i < route.armCount; i++) {
    const arm = armSettings(settings, route.armFirst + i);
    arm.nameHash = hash64Joined(route.namePtr, route.nameLength, arm.namePtr, arm.nameLength);
  }
  for (let i = 0; i < route.limitCount; i++) {
    const limit = limitSettings(settings, route.limitFirst + i);
    if (limit.mode == Mode.Inherit) limit.mode = route.mode;
    limit.nameHash = hash64Joined(route.namePtr, route.nameLength, limit.namePtr, limit.nameLength);
  }
}
