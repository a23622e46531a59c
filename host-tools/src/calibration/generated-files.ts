// The generated file of this folder, for `npm run gen`.

import { renderTenthPowers } from "./tenth-powers";

/** Path and text of every generated file. */
export function generatedFiles(): (readonly [string, string])[] {
  return [["assembly/calibration/tenth-powers.gen.ts", renderTenthPowers()]];
}
