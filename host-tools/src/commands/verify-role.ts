// `ganglion verify role`: the least that `verify --cluster` needs, to be applied once by an administrator.

import { yamlStream, yamlText } from "../istio/yaml-text";
import { ExitCode } from "../lib/errors";
import { writeOutput } from "../lib/output";
import { verifyRoleObjects, type VerifyRoleChoices } from "../verify/cluster-role";

export async function runVerifyRole(options: VerifyRoleChoices): Promise<ExitCode> {
  await writeOutput(yamlStream(verifyRoleObjects(options).map(yamlText)), undefined);
  return ExitCode.ok;
}
