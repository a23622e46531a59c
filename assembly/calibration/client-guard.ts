// Whose exceedances may raise the threshold. A client could otherwise send what looks strange until
// strange is usual, and then attack unseen. Not a blocklist, and no count of requests alone: a
// client may raise the threshold again only after others have, so many times that its part of the
// rises is its part of the requests. What all clients do (a drift) still moves it as fast as ever;
// what one client does moves it once.
//
//   others' rises wanted = round(1 / share of the requests) - 1, at most one less than places
//
// A step whose exceedance is refused says nothing about what others do: the threshold stays where
// it is, or moves by what the window's other clients have said. A client that was refused again and
// again is no witness of a drift either: its rise is half a quiet one, and does not count as recent.
//
// Seven clients are remembered, the one whose rise is longest ago makes place: then as many others
// have risen as are ever wanted. Many clients in one hand are many clients: the guard is against
// one.

import {
  CLIENTS_REMEMBERED,
  CLIENT_REFUSALS_USUAL,
  CLIENT_REQUESTS_MAX,
  RISE_FULL,
  RISE_REFUSED,
  RISE_HALF,
} from "../contract/calibration";
import { Calibrator, CalibratorClient, clientAt } from "./calibrator";

/**
 * Counts a request of a client.
 * @param tag hash of the client; 0 for nobody's
 */
export function noteRequest(state: Calibrator, tag: u32): void {
  state.requests += 1;
  if (tag == 0) return;
  for (let place = 0; place < CLIENTS_REMEMBERED; place++) {
    const entry = clientAt(state, place);
    if (entry.tag != tag) continue;
    entry.requests += 1;
    const elapsed = state.requests - entry.since;
    if (elapsed >= <u32>CLIENT_REQUESTS_MAX) {
      entry.since += elapsed >> 1;
      entry.requests >>= 1;
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
  oldest.since = state.requests;
  oldest.requests = 0;
  oldest.refusals = 0;
  return RISE_FULL;
}

/** Some other client than those refused has raised the threshold. */
export function noteRise(state: Calibrator): void {
  state.rises += 1;
}

/** Rises since a place's own; a free place is older than all. */
// @ts-ignore: decorator
@inline
function age(state: Calibrator, entry: CalibratorClient): u32 {
  return entry.tag == 0 ? u32.MAX_VALUE : state.rises - entry.lastRise;
}

function admitKnown(state: Calibrator, entry: CalibratorClient): i32 {
  // One request in seven before it is known better.
  const own = <u32>entry.requests + 1;
  const all = state.requests - entry.since + <u32>CLIENTS_REMEMBERED;
  const wanted = min<u32>((all + (own >> 1)) / own, <u32>CLIENTS_REMEMBERED) - 1;
  if (state.rises - entry.lastRise < wanted) {
    if (entry.refusals < u16.MAX_VALUE) entry.refusals += 1;
    return RISE_REFUSED;
  }
  const rise = <i32>entry.refusals < CLIENT_REFUSALS_USUAL ? RISE_FULL : RISE_HALF;
  state.rises += 1;
  entry.lastRise = state.rises;
  entry.refusals = 0;
  return rise;
}
