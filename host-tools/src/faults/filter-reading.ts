// What the filter said about one request, read off the headers that it adds when everything is exposed.
// The only place of the suite that knows their names: both engines read through it.

import { HEADER_EVIDENCE, HEADER_VERDICT } from "../contract";

/** What evidence there is, in the order of the header: the whole, then its layers. */
export const LAYERS = ["combined", "statistics", "sequence", "content"] as const;
export type Layer = (typeof LAYERS)[number];

export interface FilterReading {
  /** Q8, by layer; NaN where the filter said nothing. */
  readonly evidence: Readonly<Record<Layer, number>>;
  /** Whether the filter itself called the request anomalous. */
  readonly isAlarm: boolean;
}

/** Request headers towards the upstream that carry it, lower case. */
export const READ_HEADERS: readonly string[] = [HEADER_EVIDENCE, HEADER_VERDICT];

/** @param get a request header's value as the upstream sees it; "" counts as absent */
export function readFilter(get: (name: string) => string | undefined): FilterReading {
  const parts = (get(HEADER_EVIDENCE) ?? "").split(",");
  const at = (i: number): number => (parts[i] === undefined || parts[i] === "" ? NaN : +parts[i]!);
  const verdict = get(HEADER_VERDICT) ?? "";
  return {
    evidence: { combined: at(0), statistics: at(1), sequence: at(2), content: at(3) },
    isAlarm: verdict !== "",
  };
}
