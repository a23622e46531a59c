// Where counts come from, and what a reading of all of them is: cumulative numbers by series, so that
// whoever reads twice can subtract, and a series that begins again at 0 is seen as that.

import type { ArmCounts } from "./arm-counts";
import type { GuardKill } from "./guard-kill";

export interface Series {
  readonly arm: "stable" | "canary";
  readonly counts: ArmCounts;
}

export interface Reading {
  /** By a name that stays with the series: proxy and route, or a set of labels. */
  readonly series: ReadonlyMap<string, Series>;
  /** Proxies whose guard has taken the canary out. */
  readonly killed: readonly GuardKill[];
  /** Of the canary at the plan's quantile, ms; undefined where the source knows none. */
  readonly latencyMs: number | undefined;
  /** What could not be read; the rest counts. */
  readonly faults: readonly string[];
}

export interface CountSource {
  /** As people name it. */
  readonly name: string;
  /**
   * Reads everything once.
   *
   * @throws GanglionError E_ROLLOUT_COUNTS where nothing could be read
   */
  read(): Promise<Reading>;
}
