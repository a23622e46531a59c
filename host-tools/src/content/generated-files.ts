// The generated file of this folder, for `npm run gen`: the content model that ships.

import { encodeContent } from "./content-artifact";
import { buildDefaultContent } from "./default-content";

/** Path and bytes of every generated file. */
export function generatedFiles(): (readonly [string, Uint8Array])[] {
  return [["wasmplugin/models/content.gngl", encodeContent(buildDefaultContent())]];
}
