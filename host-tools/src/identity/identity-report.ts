// Identities as a person or a program reads them.

import { identityFault, type WorkloadIdentity } from "./workload-identity";

const HOUR_MS = 3_600_000;

/** A block of lines per identity. */
export function identityText(identities: readonly WorkloadIdentity[], now: Date): string {
  return identities.map((identity) => `${blockOf(identity, now)}\n`).join("\n");
}

/** A JSON array; times are RFC 3339. */
export function identityJson(identities: readonly WorkloadIdentity[], now: Date): string {
  const items = identities.map((identity) => ({
    name: identity.name,
    principal: identity.principal,
    serial: identity.serial,
    valid_from: timeText(identity.validFrom),
    valid_until: timeText(identity.validUntil),
    root_serial: identity.rootSerial,
    fault: identityFault(identity, now) ?? null,
  }));
  return `${JSON.stringify(items, null, 2)}\n`;
}

function blockOf(identity: WorkloadIdentity, now: Date): string {
  const fault = identityFault(identity, now);
  const hoursLeft = Math.floor((identity.validUntil.getTime() - now.getTime()) / HOUR_MS);
  const left = fault ?? `${hoursLeft} h left`;
  return [
    identity.name,
    `  principal  ${identity.principal}`,
    `  serial     ${identity.serial}`,
    `  valid      ${timeText(identity.validFrom)} to ${timeText(identity.validUntil)}, ${left}`,
    `  root       ${identity.rootSerial}`,
  ].join("\n");
}

/** To the second, as certificates have it. */
function timeText(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}
