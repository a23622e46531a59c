// `ganglion explain [FIELD]`: what a member of the policy file is, with bounds and default.

import { policyJsonSchema } from "../config/policy-json-schema";
import { policyShape } from "../config/policy-schema";
import { explainField } from "../explain/field-explanation";
import { fieldText } from "../explain/field-text";
import { ExitCode } from "../lib/errors";
import { writeOutput } from "../lib/output";
import { stdoutPaint } from "../lib/talk";

export interface ExplainFieldOptions {
  readonly output: "text" | "json" | "schema";
}

/**
 * @param field a path, or its last words; empty for the file as a whole
 * @throws GanglionError E_FIELD where nothing is called so
 */
export async function runExplainField(
  field: string,
  { output }: ExplainFieldOptions,
): Promise<ExitCode> {
  if (output === "schema") {
    await writeOutput(`${JSON.stringify(policyJsonSchema(), null, 2)}\n`, undefined);
    return ExitCode.ok;
  }
  const fields = explainField(policyShape, field);
  const text =
    output === "json"
      ? `${JSON.stringify(fields, undefined, 2)}\n`
      : fieldText(fields, stdoutPaint());
  await writeOutput(text, undefined);
  return ExitCode.ok;
}
