// The statistics layer's laboratory module for tests; `npm run build` makes it.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { StatisticsLab } from "../../../host-tools/src/statistics/statistics-lab";

export function startLab(): StatisticsLab {
  return StatisticsLab.start(readFileSync(resolve("build/statistics.lab.wasm")));
}
