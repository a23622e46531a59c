// A history as it is shown: each record with what became of it, which follows from the epoch in
// force and is stored nowhere.

import type { History } from "./history";
import type { LiveFilter } from "./live-filter";

export interface HistoryRow {
  readonly epoch: number;
  /** `never-applied`: written, but whoever wrote it got no further, or is about to. */
  readonly state: "in force" | "was" | "never applied";
  readonly change: string;
  readonly of?: number | undefined;
  readonly sha256: string;
  readonly model_version: number;
  readonly model_mode: string;
  readonly at: string;
}

/** Newest first. */
export function historyRows(history: History, live: LiveFilter): HistoryRow[] {
  return [...history.records].reverse().map((record) => ({
    epoch: record.epoch,
    state: stateOf(record.epoch, live.epoch),
    change: record.change,
    ...(record.of === undefined ? {} : { of: record.of }),
    sha256: record.sha256,
    model_version: record.modelVersion,
    model_mode: record.modelMode,
    at: record.at,
  }));
}

function stateOf(epoch: number, liveEpoch: number): HistoryRow["state"] {
  if (epoch > liveEpoch) return "never applied";
  return epoch === liveEpoch ? "in force" : "was";
}
