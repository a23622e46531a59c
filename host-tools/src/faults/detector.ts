// What a detector is to the suite: it reads a run and says, key by key and moment by moment, how bad
// things look. Whether that is an alarm is decided elsewhere, alike for all.

import type { AlarmSeries } from "./alarms";
import type { SuiteRun } from "./suite-run";

export interface Detector {
  readonly name: string;
  /** One series per key. A value may depend only on what was known at its time. */
  readonly series: (run: SuiteRun) => AlarmSeries[];
}
