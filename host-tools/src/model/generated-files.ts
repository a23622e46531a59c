// The generated file of this folder, for `npm run gen`.

import { renderActivationTable } from "./activation-table";

/** Path and text of every generated file. */
export function generatedFiles(): (readonly [string, string])[] {
  return [["assembly/model/luts.gen.ts", renderActivationTable()]];
}
