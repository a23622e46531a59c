import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { generatedFiles } from "../../../host-tools/src/model/generated-files";

it.each(generatedFiles())("%s is what `npm run gen` writes", (path, text) => {
  expect(readFileSync(resolve(path), "utf8")).toBe(text);
});
