// The generated files of this folder, for `npm run gen`.

import { renderActivationTable } from "./activation-table";
import { renderTransformerTables } from "./transformer-tables";

/** Path and text of every generated file. */
export function generatedFiles(): (readonly [string, string])[] {
  return [
    ["assembly/model/luts.gen.ts", renderActivationTable()],
    ["assembly/model/transformer-luts.gen.ts", renderTransformerTables()],
  ];
}
