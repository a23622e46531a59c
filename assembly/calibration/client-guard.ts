// Whose exceedances may raise the threshold. A client could otherwise send what looks strange until
// strange is usual, and then attack unseen. Not a blocklist, and no count of requests: a client may
// raise the threshold again only after others have, so many times that its part of the rises is its
// part of the steps. What all clients do (a drift) still moves it as fast as ever; what one client
// does moves it once.
//
//   others' rises wanted = round(1 / share of the steps) - 1, at most one less than there are places
//
// A client that was refused again and again meanwhile is no witness of a drift either: its rise
// neither counts as recent nor uses a gain that others have doubled.
//
// Seven clients are remembered, the one whose rise is longest ago makes place: then as many others
// have risen as are ever wanted.

import {
  CLIENTS_REMEMBERED,
  CLIENT_REFUSALS_USUAL,
  CLIENT_STEPS_MAX,
  RISE_FULL,
  RISE_NONE,
  RISE_PLAIN,
} from "../contract/calibration";
import { Calibrator, CalibratorClient, clientAt } from "./calibrator";

/** Counts a step of a client, when it is remembered. */
export function noteClient(state: Calibrator, tag: u32): void {
  if (tag == 0) return;
  for (let place = 0; place < CLIENTS_REMEMBERED; place++) {
    const entry = clientAt(state, place);
    if (entry.tag != tag) continue;
    entry.steps += 1;
    const elapsed = state.steps - entry.sinceStep;
    if (elapsed >= <u32>CLIENT_STEPS_MAX) {
      entry.sinceStep += elapsed >> 1;
      entry.steps >>= 1;
    }
    return;
  }
}

/**
 * What a client's exceedance may do to the threshold; remembers that it did.
 * @param tag hash of the client; 0 for nobody's, which always may
 * @returns RISE_ number
 */
export function admitRise(state: Calibrator, tag: u32): i32 {
  if (tag == 0) return RISE_FULL;
  let oldest = clientAt(state, 0);
  for (let place = 0; place < CLIENTS_REMEMBERED; place++) {
    const entry = clientAt(state, place);
    if (entry.tag == tag) return admitKnown(state, entry);
    if (age(state, entry) > age(state, oldest)) oldest = entry;
  }
  state.rises += 1;
  oldest.tag = tag;
  oldest.lastRise = state.rises;
  oldest.sinceStep = state.steps;
  oldest.steps = 0;
  oldest.refusals = 0;
  return RISE_FULL;
}

/** Rises since a place's own; a free place is older than all. */
// @ts-ignore: decorator
@inline
function age(state: Calibrator, entry: CalibratorClient): u32 {
  return entry.tag == 0 ? u32.MAX_VALUE : state.rises - entry.lastRise;
}

function admitKnown(state: Calibrator, entry: CalibratorClient): i32 {
  // One step in seven before it is known better.
  const own = <u32>entry.steps + 1;
  const all = state.steps - entry.sinceStep + <u32>CLIENTS_REMEMBERED;
  const wanted = min<u32>((all + (own >> 1)) / own, <u32>CLIENTS_REMEMBERED) - 1;
  if (state.rises - entry.lastRise < wanted) {
    if (entry.refusals < u16.MAX_VALUE) entry.refusals += 1;
    return RISE_NONE;
  }
  const rise = <i32>entry.refusals < CLIENT_REFUSALS_USUAL ? RISE_FULL : RISE_PLAIN;
  state.rises += 1;
  entry.lastRise = state.rises;
  entry.refusals = 0;
  return rise;
}
