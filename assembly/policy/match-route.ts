// Which route a request belongs to: the first, in the configuration's order, whose method, authority and
// path agree. Linear over at most 64 routes; the common case is decided by the first bytes of the path.

import { RouteSettings, Settings, routeSettings } from "../config/settings";
import { ROUTES_MAX } from "../contract/limits";

/** @returns whether two byte ranges of equal length are equal */
function same(a: usize, b: usize, bytes: i32): bool {
  let i: usize = 0;
  const count = <usize>bytes;
  for (; i + 8 <= count; i += 8) {
    if (load<u64>(a + i) != load<u64>(b + i)) return false;
  }
  for (; i < count; i++) {
    if (load<u8>(a + i) != load<u8>(b + i)) return false;
  }
  return true;
}

function pathMatches(route: RouteSettings, path: usize, pathBytes: i32): bool {
  const wanted = route.pathLength;
  if (wanted == 0) return true;
  if (route.pathExact ? wanted != pathBytes : wanted > pathBytes) return false;
  return same(route.pathPtr, path, wanted);
}

/**
 * @param path without query
 * @returns index of the route, -1 when none matches
 */
export function matchRoute(
  settings: Settings,
  path: usize,
  pathBytes: i32,
  method: usize,
  methodBytes: i32,
  authority: usize,
  authorityBytes: i32,
): i32 {
  const count = min(settings.routeCount, ROUTES_MAX);
  for (let i = 0; i < count; i++) {
    const route = routeSettings(settings, i);
    if (!pathMatches(route, path, pathBytes)) continue;
    if (route.methodLength > 0) {
      if (route.methodLength != methodBytes) continue;
      if (!same(route.methodPtr, method, methodBytes)) continue;
    }
    if (route.authorityLength > 0) {
      if (route.authorityLength != authorityBytes) continue;
      if (!same(route.authorityPtr, authority, authorityBytes)) continue;
    }
    return i;
  }
  return -1;
}
