// `ganglion identity`: who the workload behind an Envoy is in the mesh, and until when.

import { envoyCertificates, identityFault, workloadIdentities } from "../identity";
import { identityJson, identityText } from "../identity/identity-report";
import { ExitCode } from "../lib/errors";
import { writeOutput } from "../lib/output";
import { say } from "../lib/talk";

export interface IdentityOptions {
  /** `HOST:PORT` of Envoy's admin. */
  readonly admin: string;
  /** The name that it should have: `spiffe://...`, or the same without the scheme. */
  readonly expect?: string;
  readonly output: "text" | "json";
}

/** Identities on stdout; 79 if there is none, one is not valid now, or it is another than expected. */
export async function runIdentity(options: IdentityOptions): Promise<ExitCode> {
  const now = new Date();
  const identities = workloadIdentities(await envoyCertificates(options.admin));
  const render = options.output === "json" ? identityJson : identityText;
  await writeOutput(render(identities, now), undefined);
  const findings = identities.flatMap((identity) => {
    const fault = identityFault(identity, now);
    return fault === undefined ? [] : [`${identity.name}: ${fault}`];
  });
  if (identities.length === 0) findings.push("this Envoy has no certificate with a SPIFFE name");
  const expected = options.expect?.replace(/^spiffe:\/\//, "");
  if (expected !== undefined && !identities.some(({ principal }) => principal === expected)) {
    findings.push(`none of them is ${expected}`);
  }
  for (const finding of findings) say(finding);
  return findings.length === 0 ? ExitCode.ok : ExitCode.findings;
}
