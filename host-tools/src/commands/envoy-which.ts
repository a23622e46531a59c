// `ganglion envoy which`: which Envoy a demo, a bench or a test would start, and why that one.

import { ExitCode } from "../lib/errors";
import { writeOutput } from "../lib/output";
import { say } from "../lib/talk";
import { findEnvoy } from "../rig/envoy-finder";

export interface EnvoyWhichOptions {
  readonly install?: boolean;
}

/** Path on stdout; version and where it was found on stderr. */
export async function runEnvoyWhich(options: EnvoyWhichOptions): Promise<ExitCode> {
  const found = await findEnvoy({ install: options.install ?? false, onProgress: say });
  say(`Envoy ${found.version}, from ${found.source}`);
  await writeOutput(`${found.path}\n`, undefined);
  return ExitCode.ok;
}
