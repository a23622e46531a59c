// Who is still running for a mesh.

import { readdirSync, readFileSync } from "node:fs";

/** Ids of processes, other than this one, whose command line or environment names the text. */
export function processesNaming(text: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) =>
      ["cmdline", "environ"].some((file) => {
        try {
          return readFileSync(`/proc/${pid}/${file}`, "utf8").includes(text);
        } catch {
          return false; // gone meanwhile, or somebody else's
        }
      }),
    );
}
