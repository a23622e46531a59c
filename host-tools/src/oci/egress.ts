// Which addresses the registry client may call. A registry's answers name further addresses (the
// token service, the store behind a redirect), and a client that follows them blindly fetches
// whatever a hostile or hijacked registry likes from inside the user's network; Istio closed the
// same hole in 2026.
//
//   registry    https, or loopback, or --plain-http; never link-local
//   realm       the registry's own host, a known token service of it, or one the user trusts
//   redirect    blob reads only; https; a public address, the registry's own or a trusted host
//
// Names are resolved and each of their addresses judged too. A name that changes its address
// between the check and the call gets through; TLS then has to match that name, which a metadata
// service cannot.

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { GanglionError } from "../lib/errors";

/** `forbidden`: link-local (where clouds keep their metadata), unspecified and multicast. */
export type AddressClass = "public" | "private" | "loopback" | "forbidden";

/** All addresses of a host name, as text. */
export type ResolveHost = (hostname: string) => Promise<readonly string[]>;

/** Token services that live on another host than their registry. */
const KNOWN_REALM_HOSTS: Readonly<Record<string, string>> = {
  "registry-1.docker.io": "auth.docker.io",
  "registry.gitlab.com": "gitlab.com",
};
const METADATA_NAMES = new Set(["metadata.google.internal", "metadata", "instance-data"]);

export interface EgressPolicy {
  /** Host and port of the registry that the user named. */
  readonly apiHost: string;
  readonly plainHttp: boolean;
  /** Host names (no port) that the user allows for tokens and redirects. */
  readonly trustedHosts: readonly string[];
  readonly resolveHost: ResolveHost;
}

export const resolveBySystem: ResolveHost = async (hostname) =>
  (await lookup(hostname, { all: true })).map((found) => found.address);

/** `http://` or `https://` with the registry's host: plain for loopback and with --plain-http. */
export function registryOrigin(policy: EgressPolicy): URL {
  const secure = new URL(`https://${policy.apiHost}`);
  const host = hostnameOf(secure);
  if (isForbidden(host)) {
    throw refusal("E_REGISTRY_ADDRESS", policy, secure, "is a link-local or metadata address");
  }
  const plain = policy.plainHttp || classify(host) === "loopback";
  return plain ? new URL(`http://${policy.apiHost}`) : secure;
}

/** @throws GanglionError E_REGISTRY_REALM when the token service may not be called */
export async function checkRealm(realm: string, policy: EgressPolicy): Promise<URL> {
  const url = parseUrl(realm);
  if (url === undefined) {
    throw refusal("E_REGISTRY_REALM", policy, realm, "is not an address");
  }
  const host = hostnameOf(url);
  const registryHost = hostnameOf(registryOrigin(policy));
  const allowed =
    host === registryHost ||
    KNOWN_REALM_HOSTS[registryHost] === host ||
    policy.trustedHosts.includes(host);
  const plainAllowed = classify(host) === "loopback" || (policy.plainHttp && host === registryHost);
  const problem =
    schemeProblem(url, plainAllowed) ??
    (allowed ? undefined : `is on ${host}, which is neither the registry's host nor trusted`) ??
    (await addressProblem(host, registryHost, policy, allowed));
  if (problem !== undefined) throw refusal("E_REGISTRY_REALM", policy, url, problem);
  return url;
}

/** @throws GanglionError E_REGISTRY_REDIRECT when a blob may not be read from there */
export async function checkRedirect(location: URL, policy: EgressPolicy): Promise<void> {
  const host = hostnameOf(location);
  const origin = registryOrigin(policy);
  const registryHost = hostnameOf(origin);
  const named = host === registryHost || policy.trustedHosts.includes(host);
  const bothLoopback = classify(host) === "loopback" && classify(registryHost) === "loopback";
  const plainAllowed = bothLoopback || (origin.protocol === "http:" && host === registryHost);
  const problem =
    schemeProblem(location, plainAllowed) ??
    (await addressProblem(host, registryHost, policy, named || bothLoopback));
  if (problem !== undefined) throw refusal("E_REGISTRY_REDIRECT", policy, location, problem);
}

function schemeProblem(url: URL, plainAllowed: boolean): string | undefined {
  if (url.username !== "" || url.password !== "") return "carries a user name";
  if (url.protocol === "https:" || (url.protocol === "http:" && plainAllowed)) return undefined;
  return `uses ${url.protocol.replace(":", "")} where https is needed`;
}

async function addressProblem(
  host: string,
  registryHost: string,
  policy: EgressPolicy,
  named: boolean,
): Promise<string | undefined> {
  if (isForbidden(host)) return "is a link-local or metadata address";
  // The registry's own host was the user's choice and has been called already.
  if (host === registryHost) return undefined;
  let addresses: readonly string[];
  try {
    addresses = isIP(host) ? [host] : await policy.resolveHost(host);
  } catch {
    return "does not resolve";
  }
  for (const address of addresses) {
    const kind = classify(address);
    if (kind === "forbidden") return `is on the link-local or metadata address ${address}`;
    if (kind !== "public" && !named) return `is on the ${kind} address ${address}`;
  }
  return undefined;
}

function isForbidden(host: string): boolean {
  return METADATA_NAMES.has(host) || classify(host) === "forbidden";
}

/** The host without brackets, lower-case, without a final dot. */
function hostnameOf(url: URL): string {
  return url.hostname
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "")
    .toLowerCase();
}

/** What kind of address a host is; a name counts as public until it is resolved. */
export function classify(host: string): AddressClass {
  if (host === "localhost" || host.endsWith(".localhost")) return "loopback";
  const family = isIP(host);
  if (family === 4) return classifyV4(host);
  if (family === 6) return classifyV6(host);
  return "public";
}

function classifyV4(address: string): AddressClass {
  const [a = 0, b = 0] = address.split(".").map(Number);
  if (a === 127) return "loopback";
  // 0.0.0.0/8 reaches this machine on some systems; nothing there is a registry's.
  if ((a === 169 && b === 254) || a === 0 || a >= 224) return "forbidden";
  const carrierGrade = a === 100 && b >= 64 && b < 128;
  if (a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || carrierGrade) {
    return "private";
  }
  return "public";
}

function classifyV6(address: string): AddressClass {
  // URL writes the shortest form, and an IPv4 address mapped into IPv6 as two groups.
  const short = new URL(`http://[${address.split("%")[0]}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short);
  if (mapped) {
    const high = Number.parseInt(mapped[1] ?? "0", 16);
    const low = Number.parseInt(mapped[2] ?? "0", 16);
    return classifyV4([high >> 8, high & 255, low >> 8, low & 255].join("."));
  }
  if (short === "::1") return "loopback";
  // Unspecified, link-local, multicast, and the metadata service's own unique-local address.
  if (short === "::" || /^fe[89ab]/.test(short) || short.startsWith("ff")) return "forbidden";
  if (short === "fd00:ec2::254") return "forbidden";
  return /^f[cd]/.test(short) ? "private" : "public";
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function refusal(code: string, policy: EgressPolicy, target: URL | string, problem: string) {
  // Query strings carry signatures; the place is enough to understand the refusal.
  const place = typeof target === "string" ? JSON.stringify(target.slice(0, 200)) : target.origin;
  const shown = place === "null" && typeof target !== "string" ? target.protocol : place;
  return new GanglionError(code, `registry ${policy.apiHost}: ${shown} ${problem}`, {
    hint:
      code === "E_REGISTRY_ADDRESS"
        ? "Name the registry by its own host."
        : "If the host is the registry's, allow it with --trust-host; else leave this registry.",
  });
}
