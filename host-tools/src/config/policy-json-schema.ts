// The policy file's JSON Schema, as it is published beside the manifests for editors.

import { policyShape } from "./policy-schema";
import type { JsonSchema } from "./schema";
import { shapeSchema } from "./shape/shape-schema";

/** The name under which it stands beside a policy. */
export const POLICY_SCHEMA_FILE = "ganglion.schema.json";
/** By which the file is known as ours. */
export const POLICY_SCHEMA_TITLE = "ganglion.yaml";

export function policyJsonSchema(): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: POLICY_SCHEMA_TITLE,
    ...shapeSchema(policyShape),
  };
}
