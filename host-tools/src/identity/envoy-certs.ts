// Envoy's page of certificates (admin `/certs`, source/server/admin/server_info_handler.cc): the pairs of
// chain and authority that its TLS contexts use at this moment, as they came from the agent.

import { EnvoyAdminPages } from "../envoy/admin";

/** What the page says of one certificate. */
export interface EnvoyCertificate {
  /** Hexadecimal. */
  readonly serial_number: string;
  readonly subject_alt_names?: readonly { readonly uri?: string; readonly dns?: string }[];
  /** RFC 3339. */
  readonly valid_from: string;
  /** RFC 3339. */
  readonly expiration_time: string;
}

/** Authority and chain of one TLS context; a context without a certificate of its own has no chain. */
export interface EnvoyCertificatePair {
  readonly ca_cert?: readonly EnvoyCertificate[];
  readonly cert_chain?: readonly EnvoyCertificate[];
}

const PAGE_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Reads the page of the Envoy whose admin listens at `address`, `HOST:PORT`.
 *
 * @throws GanglionError E_IDENTITY_ADDRESS, E_IDENTITY_ADMIN
 */
export async function envoyCertificates(address: string): Promise<EnvoyCertificatePair[]> {
  const codes = { address: "E_IDENTITY_ADDRESS", admin: "E_IDENTITY_ADMIN" };
  const admin = new EnvoyAdminPages(address, { ...codes, bytesMax: PAGE_BYTES_MAX });
  const text = await admin.read("/certs");
  try {
    const { certificates } = JSON.parse(text) as { certificates?: unknown };
    if (Array.isArray(certificates)) return certificates as EnvoyCertificatePair[];
  } catch {
    // Not JSON: the sentence below says so.
  }
  throw admin.refusal("its /certs is not a list of certificates");
}
