// Runs a witness of a query with promtool.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../rig/run-command";
import { scratchDir } from "../../rig/process-guard";
import { yamlText } from "../../istio/yaml-text";
import { promtoolTest, type QueryWitness } from "./query-witness";

const TIMEOUT_MS = 30_000;

export interface QueryOutcome {
  readonly holds: boolean;
  /** What promtool said. */
  readonly words: string;
}

/** @param promtool its path */
export async function runQueryWitness(
  witness: QueryWitness,
  promtool: string,
): Promise<QueryOutcome> {
  const file = join(scratchDir("witness"), `${witness.rule}.yaml`);
  writeFileSync(file, yamlText(promtoolTest(witness)));
  const { status, stdout, stderr } = await runCommand(promtool, ["test", "rules", file], {
    timeoutMs: TIMEOUT_MS,
  });
  return { holds: status === 0, words: `${stdout}${stderr}`.trim() };
}
