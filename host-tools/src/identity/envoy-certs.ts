// Envoy's page of certificates (admin `/certs`, source/server/admin/server_info_handler.cc): the pairs of
// chain and authority that its TLS contexts use at this moment, as they came from the agent.

import { request } from "node:http";
import { ExitCode, GanglionError } from "../lib/errors";

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

const TIMEOUT_MS = 10_000;
const PAGE_BYTES_MAX = 16 * 1024 * 1024;
const FORWARD =
  "In a cluster: kubectl port-forward -n NAMESPACE POD 15000, then --admin 127.0.0.1:15000.";

/**
 * Reads the page of the Envoy whose admin listens at `address`, `HOST:PORT`.
 *
 * @throws GanglionError E_IDENTITY_ADDRESS, E_IDENTITY_ADMIN
 */
export async function envoyCertificates(address: string): Promise<EnvoyCertificatePair[]> {
  const { host, port } = parseAddress(address);
  const text = await adminPage(host, port, address);
  try {
    const { certificates } = JSON.parse(text) as { certificates?: unknown };
    if (Array.isArray(certificates)) return certificates as EnvoyCertificatePair[];
  } catch {
    // Not JSON: the sentence below says so.
  }
  throw unreadable(address, "its /certs is not a list of certificates");
}

function parseAddress(address: string): { host: string; port: number } {
  const parts = /^(.+):(\d{1,5})$/.exec(address);
  const port = Number(parts?.[2]);
  if (parts && port >= 1 && port <= 65_535) {
    return { host: (parts[1] as string).replace(/^\[(.*)\]$/, "$1"), port };
  }
  throw new GanglionError("E_IDENTITY_ADDRESS", `--admin ${address} is not HOST:PORT`, {
    hint: FORWARD,
    exitCode: ExitCode.usage,
  });
}

function adminPage(host: string, port: number, address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => reject(unreadable(address, reason));
    const options = { host, port, path: "/certs", signal: AbortSignal.timeout(TIMEOUT_MS) };
    const sent = request(options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > PAGE_BYTES_MAX) sent.destroy(new Error("a page of more than 16 MiB"));
      });
      response.on("error", (error) => fail(error.message));
      response.on("end", () => {
        if (response.statusCode === 200) resolve(text);
        else fail(`it answered ${response.statusCode} to /certs`);
      });
    });
    sent.on("error", (error) => fail(error.message)).end();
  });
}

function unreadable(address: string, reason: string): GanglionError {
  return new GanglionError("E_IDENTITY_ADMIN", `cannot ask Envoy at ${address}: ${reason}`, {
    hint: FORWARD,
  });
}
