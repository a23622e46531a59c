// The fallback order of the route being read: names as they come, resolved to arm indices when all
// arms are known, since JSON may give "fallback" before "arms". Arms that the order leaves out
// follow in the order of their declaration, so that every arm has a place.

import { ConfigProblem } from "../contract/config-problem";
import { ARMS_PER_ROUTE_MAX, NAME_LENGTH_MAX } from "../contract/limits";
import { keepValue } from "./config-report";
import { parsing, refuse } from "./parsing";
import { enterIndex, enterKey } from "./place";
import { RouteSettings, armSettings } from "./settings";
import { textEquals } from "./text-rule";

// @ts-ignore: decorator
@unmanaged
@final
class FallbackName {
  /** The name as it stands in the source, for the report. */
  tokenPtr: usize;
  tokenLength: i32;
  length: i32;
}

const STRIDE: usize = offsetof<FallbackName>() + <usize>NAME_LENGTH_MAX + 1;
const names: usize = memory.data((offsetof<FallbackName>() + 64) * 16, 8);
let count: i32 = 0;

// @ts-ignore: decorator
@inline
function entry(index: i32): FallbackName {
  return changetype<FallbackName>(names + <usize>index * STRIDE);
}

// @ts-ignore: decorator
@inline
function text(entry: FallbackName): usize {
  return changetype<usize>(entry) + offsetof<FallbackName>();
}

/** A new route begins. */
export function clearFallback(): void {
  count = 0;
}

/** Adds a name; the caller has checked its length and that there are not too many. */
export function addFallback(source: usize, length: i32, token: usize, tokenLength: i32): void {
  if (count >= ARMS_PER_ROUTE_MAX || length > NAME_LENGTH_MAX) return;
  const next = entry(count);
  memory.copy(text(next), source, length);
  next.length = length;
  next.tokenPtr = token;
  next.tokenLength = tokenLength;
  count++;
}

function armIndex(route: RouteSettings, name: FallbackName): i32 {
  for (let i = 0; i < route.armCount; i++) {
    const arm = armSettings(parsing.settings, route.armFirst + i);
    if (textEquals(arm.namePtr, arm.nameLength, text(name), name.length)) return i;
  }
  return -1;
}

function refuseName(index: i32, problem: ConfigProblem): bool {
  enterKey("fallback");
  enterIndex(index);
  refuse(problem);
  keepValue(parsing.report, entry(index).tokenPtr, entry(index).tokenLength);
  return false;
}

/** Gives every arm of a route its place in the order. */
export function resolveFallback(route: RouteSettings): bool {
  let taken: u32 = 0;
  for (let place = 0; place < count; place++) {
    const arm = armIndex(route, entry(place));
    if (arm < 0) return refuseName(place, ConfigProblem.UnknownArm);
    if ((taken >> (<u32>arm)) & 1) return refuseName(place, ConfigProblem.ArmTwice);
    taken |= 1 << arm;
    armSettings(parsing.settings, route.armFirst + place).fallback = arm;
  }
  let place = count;
  for (let arm = 0; arm < route.armCount; arm++) {
    if ((taken >> (<u32>arm)) & 1) continue;
    armSettings(parsing.settings, route.armFirst + place).fallback = arm;
    place++;
  }
  return true;
}
