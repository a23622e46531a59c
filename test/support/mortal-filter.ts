// Compiles the filter that can be made to trap (modules/mortal-filter.ts), as the release is
// compiled.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "./project-root";

export function mortalFilter(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "ganglion-mortal-"));
  try {
    const out = join(folder, "mortal.wasm");
    const asc = join(projectRoot(), "node_modules/assemblyscript/bin/asc.js");
    const entry = "test/support/modules/mortal-filter.ts";
    const settings = ["--config", "asconfig.json", "--target", "release"];
    execFileSync(process.execPath, [asc, entry, ...settings, "--outFile", out], {
      cwd: projectRoot(),
      stdio: "pipe",
    });
    return new Uint8Array(readFileSync(out));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
