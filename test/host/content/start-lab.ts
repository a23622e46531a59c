// The content scorer's laboratory module for tests; `npm run build` makes it.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ContentLab } from "../../../host-tools/src/content/content-lab";

export function startContentLab(): ContentLab {
  return ContentLab.start(readFileSync(resolve("build/content.lab.wasm")));
}
