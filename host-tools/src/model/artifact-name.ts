// What a model may be called: the name goes into 32 bytes of the artifact's header, and from there into
// logs and tools.

import { ARTIFACT_NAME_BYTES } from "../contract";
import { ExitCode, GanglionError } from "../lib/errors";

/**
 * @returns the name
 * @throws GanglionError E_MODEL_NAME
 */
export function artifactName(name: string): string {
  if (/^[\x21-\x7e]+$/.test(name) && name.length <= ARTIFACT_NAME_BYTES) return name;
  throw new GanglionError(
    "E_MODEL_NAME",
    `name is ${JSON.stringify(name)}, must be 1 to ${ARTIFACT_NAME_BYTES} printable ASCII ` +
      "characters without spaces",
    { hint: "Use --name with letters, digits and dashes.", exitCode: ExitCode.usage },
  );
}
