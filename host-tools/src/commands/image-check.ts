// `ganglion image check`: whether a proxy could fetch an image, and whether the module in it is the
// one that this tool came with. Exit 79 when it is another one.

import { ExitCode } from "../lib/errors";
import { readFilterModule } from "../lib/filter-module";
import { writeOutput } from "../lib/output";
import { say } from "../lib/talk";
import { checkPull, digestOf } from "../oci";
import { registryChoices, type RegistryFlags } from "./registry-choices";

export interface ImageCheckOptions extends RegistryFlags {
  /** Any module will do. */
  readonly anyModule?: boolean;
}

/** @param reference `HOST/NAME:TAG`, `HOST/NAME@sha256:...`, or both */
export async function runImageCheck(
  reference: string,
  options: ImageCheckOptions,
): Promise<ExitCode> {
  const expected = options.anyModule ? undefined : await readFilterModule();
  const pulled = await checkPull(reference, expected, registryChoices(options));
  const { wasm, form } = pulled;
  say(`${form}: plugin.wasm, ${wasm.length} bytes, ${digestOf(wasm)}`);
  await writeOutput(`${pulled.reference}\n`, undefined);
  if (pulled.isExpected !== false) return ExitCode.ok;
  say(`finding: another module than this tool's, ${digestOf(expected as Uint8Array)}`);
  return ExitCode.findings;
}
