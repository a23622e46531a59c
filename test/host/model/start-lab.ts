// The scorer's laboratory module for tests; `npm run build` makes it.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ModelLab } from "../../../host-tools/src/model/model-lab";

export function startLab(): ModelLab {
  return ModelLab.start(readFileSync(resolve("build/model.lab.wasm")));
}
