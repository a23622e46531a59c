// Who a workload is in the mesh: the SPIFFE name in its certificate, by which AuthorizationPolicies know
// it, and for how long it is.

import type { EnvoyCertificate, EnvoyCertificatePair } from "./envoy-certs";

export interface WorkloadIdentity {
  /** The URI of the subject's alternative name, `spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/ACCOUNT`. */
  readonly name: string;
  /** As an AuthorizationPolicy's `principals` name it: without the scheme. */
  readonly principal: string;
  /** Of the leaf, hexadecimal. */
  readonly serial: string;
  readonly validFrom: Date;
  readonly validUntil: Date;
  /** Serial of the authority that its peers are checked against. */
  readonly rootSerial: string;
}

const SCHEME = "spiffe://";

/** Each identity once, in the page's order; certificates without a SPIFFE name are none. */
export function workloadIdentities(pairs: readonly EnvoyCertificatePair[]): WorkloadIdentity[] {
  const bySerial = new Map<string, WorkloadIdentity>();
  for (const { cert_chain = [], ca_cert = [] } of pairs) {
    const [leaf] = cert_chain;
    const name = leaf && spiffeName(leaf);
    if (name === undefined || bySerial.has(leaf!.serial_number)) continue;
    bySerial.set(leaf!.serial_number, {
      name,
      principal: name.slice(SCHEME.length),
      serial: leaf!.serial_number,
      validFrom: new Date(leaf!.valid_from),
      validUntil: new Date(leaf!.expiration_time),
      rootSerial: ca_cert[0]?.serial_number ?? "",
    });
  }
  return [...bySerial.values()];
}

/** Why an identity is not good at `now`; undefined where it is. */
export function identityFault(identity: WorkloadIdentity, now: Date): string | undefined {
  if (now < identity.validFrom) return `not valid before ${identity.validFrom.toISOString()}`;
  if (now >= identity.validUntil) return `expired ${identity.validUntil.toISOString()}`;
  return undefined;
}

function spiffeName(certificate: EnvoyCertificate): string | undefined {
  return certificate.subject_alt_names
    ?.map(({ uri }) => uri)
    .find((uri) => uri?.startsWith(SCHEME) && /^[\x21-\x7e]+$/.test(uri));
}
