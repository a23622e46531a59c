// What the filter said about one request, read off the headers that it adds when everything is exposed.
// The only place of the suite that knows their names: both engines read through it.

import { HEADER_SCORE, HEADER_VERDICT } from "../contract";

/** Evidence that can be told apart, from the whole to its parts. */
export const LAYERS = ["combined", "l1"] as const;
export type Layer = (typeof LAYERS)[number];

export interface FilterReading {
  /** By layer; NaN where the filter said nothing. */
  readonly evidence: Readonly<Record<Layer, number>>;
  /** Whether the filter itself called the request anomalous. */
  readonly isAlarm: boolean;
}

/** Request headers towards the upstream that carry it, lower case. */
export const READ_HEADERS: readonly string[] = [HEADER_SCORE, HEADER_VERDICT];

/** @param get a request header's value as the upstream sees it */
export function readFilter(get: (name: string) => string | undefined): FilterReading {
  const score = get(HEADER_SCORE);
  const permille = score === undefined || score === "" ? NaN : Number(score);
  const verdict = get(HEADER_VERDICT);
  return {
    evidence: { combined: permille, l1: permille },
    isAlarm: verdict !== undefined && verdict !== "",
  };
}
