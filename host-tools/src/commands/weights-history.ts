// `ganglion weights history`: the generations that can be put back.

import { ExitCode } from "../lib/errors";
import { writeOutput } from "../lib/output";
import { say } from "../lib/talk";
import { historyRows } from "../weights/history-rows";
import { readHistory } from "../weights/history";
import { readLiveFilter } from "../weights/live-filter";
import { type FleetOptions, openSession, type TargetOptions } from "../weights/session";

export interface HistoryOptions extends TargetOptions {
  readonly output: "text" | "json";
}

const NO_FLEET: FleetOptions = { through: "direct" };

export async function runWeightsHistory(options: HistoryOptions): Promise<ExitCode> {
  const { cluster, place } = await openSession(options, NO_FLEET);
  const live = await readLiveFilter(cluster, place);
  const history = await readHistory(cluster, live.key.namespace, live.key.name);
  const rows = historyRows(history, live);
  if (options.output === "json") {
    await writeOutput(`${JSON.stringify(rows)}\n`, undefined);
    return ExitCode.ok;
  }
  if (rows.length === 0) say(`${history.name} is empty: it begins with the first push`);
  for (const row of rows) {
    const of = row.of === undefined ? "" : ` of ${row.of}`;
    const cells = [
      String(row.epoch).padStart(6),
      row.state.padEnd(13),
      `${row.change}${of}`.padEnd(16),
      `version ${row.model_version}`.padEnd(12),
      (row.model_mode === "shadow" ? "shadow" : "").padEnd(6),
      row.sha256.slice(0, 12).padEnd(12),
      row.at,
    ];
    await writeOutput(`${cells.join("  ")}\n`, undefined);
  }
  return ExitCode.ok;
}
