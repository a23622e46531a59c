// `ganglion init`: a first policy, and its schema beside it for the editor.

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { newPolicy } from "../config/new-policy";
import { compilePolicy } from "../config/policy-compile";
import {
  POLICY_SCHEMA_FILE,
  POLICY_SCHEMA_TITLE,
  policyJsonSchema,
} from "../config/policy-json-schema";
import { DNS_LABEL } from "../config/shape/format";
import { createFile } from "../lib/create-file";
import { ExitCode, GanglionError } from "../lib/errors";
import { STDOUT, writeFileAtomically, writeOutput } from "../lib/output";
import { say } from "../lib/talk";

export interface InitOptions {
  readonly service: readonly string[];
  readonly namespace: string;
  readonly istioVersion: string;
  readonly output: string;
}

/** @throws GanglionError E_EXISTS rather than overwrite; E_NAME, E_POLICY for what cannot be */
export async function runInit(options: InitOptions): Promise<ExitCode> {
  const { service: services, namespace, istioVersion: istio, output } = options;
  for (const name of services) checkName("--service", name);
  checkName("--namespace", namespace);
  const text = newPolicy({ services: [...new Set(services)], namespace, istio });
  compilePolicy(text, output);
  if (output === STDOUT) {
    await writeOutput(text, STDOUT);
    return ExitCode.ok;
  }
  const schemaFile = join(dirname(output), POLICY_SCHEMA_FILE);
  await refuseForeignSchema(schemaFile);
  await createFile(output, text);
  await writeFileAtomically(schemaFile, `${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
  say(`wrote ${output}, and ${schemaFile} for your editor`);
  say(`next: ganglion render -f ${output} --image oci://HOST/NAME@sha256:DIGEST -o manifests`);
  return ExitCode.ok;
}

function checkName(option: string, name: string): void {
  if (DNS_LABEL.pattern.test(name)) return;
  throw new GanglionError("E_NAME", `${option} ${name}: ${DNS_LABEL.says}`, {
    exitCode: ExitCode.usage,
  });
}

/** An older schema of ours is renewed; anything else under the name is somebody's. */
async function refuseForeignSchema(file: string): Promise<void> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined || titleOf(text) === POLICY_SCHEMA_TITLE) return;
  throw new GanglionError("E_EXISTS", `${file} is there already and is no schema of ours`, {
    hint: "Move it away, or write to standard output with `-o -`; nothing was written.",
  });
}

function titleOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { title?: unknown } | null)?.title;
  } catch {
    return undefined;
  }
}
