// The calibration's laboratory module for tests; `npm run build` makes it.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { CalibrationLab } from "../../../host-tools/src/calibration/calibration-lab";

export function startCalibrationLab(): CalibrationLab {
  return CalibrationLab.start(readFileSync(resolve("build/calibration.lab.wasm")));
}
