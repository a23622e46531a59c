// A witness shows on a real Envoy what a rule claims: one configuration that fails as the rule says,
// one that does not, the same requests for both, and the counters that tell them apart. Unlike a
// test of the rule it does not depend on how we read Envoy's sources.

import type { Bootstrap } from "../../rig/bootstrap";
import type { UpstreamSpec } from "../../rig/upstream/upstream-server";
import type { Stage } from "./stage";

export const SIDES = ["broken", "fixed"] as const;
export type Side = (typeof SIDES)[number];

/** Loopback port by name of an upstream or of a hop. */
export type Ports = Readonly<Record<string, number>>;

/** What was counted, by name: Envoy's own names where Envoy counted it, else ours with the unit. */
export type Counters = Readonly<Record<string, number>>;

/** Inclusive. */
export interface Bound {
  readonly least: number;
  readonly most: number;
}

export interface Expectation {
  readonly broken: Bound;
  readonly fixed: Bound;
}

export interface Witness {
  /** Id of the rule. */
  readonly rule: string;
  /** What is shown, in one sentence. */
  readonly shows: string;
  /** What stands here for something else: seconds that are tenths, an identity that is a header. */
  readonly standsFor: string;
  readonly upstreams: readonly UpstreamSpec[];
  /** Listeners that a cluster of the same Envoy calls, so that their ports are chosen beforehand. */
  readonly hops?: readonly string[];
  readonly broken: (ports: Ports) => Bootstrap;
  readonly fixed: (ports: Ports) => Bootstrap;
  /** The same requests for both sides. */
  readonly drive: (stage: Stage) => Promise<Counters>;
  /** By counter; each counter that `drive` returns has a line here. */
  readonly expect: Readonly<Record<string, Expectation>>;
}

export const exactly = (value: number): Bound => ({ least: value, most: value });
export const between = (least: number, most: number): Bound => ({ least, most });
export const atLeast = (least: number): Bound => ({ least, most: Infinity });
export const atMost = (most: number): Bound => ({ least: -Infinity, most });

export function isWithin(bound: Bound, value: number): boolean {
  return value >= bound.least && value <= bound.most;
}
