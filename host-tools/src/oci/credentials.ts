// The user's own registry credentials, from where `docker login` left them. The tool keeps none of
// its own: a second store would be a second place to leak from and to forget to rotate.
//
// $DOCKER_CONFIG/config.json, else ~/.docker/config.json, looked up in docker's order:
//   credHelpers[registry] -> credsStore -> auths[registry] -> anonymous

import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { ExitCode, GanglionError } from "../lib/errors";
import { askHelper, type RunHelper, runHelperProgram } from "./credential-helper";
import { isRecord } from "../lib/is-record";

export type Credential =
  | { readonly kind: "anonymous" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  /** Exchanged for an access token at the registry's token service. */
  | { readonly kind: "identity-token"; readonly token: string }
  /** Sent to the registry as it is. */
  | { readonly kind: "registry-token"; readonly token: string };

export const ANONYMOUS: Credential = { kind: "anonymous" };

// Docker Hub's entry is filed under the address of an interface that is long gone.
const DOCKER_HUB_KEY = "https://index.docker.io/v1/";

interface DockerConfig {
  readonly auths?: unknown;
  readonly credHelpers?: unknown;
  readonly credsStore?: unknown;
}

export interface CredentialSource {
  /** Only DOCKER_CONFIG is read. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly runHelper?: RunHelper;
}

/**
 * The credential for a registry.
 *
 * @param registry host and port as in the reference, e.g. `ghcr.io`
 * @throws GanglionError E_CREDENTIALS, E_CREDENTIAL_HELPER; a missing file means anonymous, one
 *   that cannot be understood is an error: a push that silently turns anonymous fails worse
 */
export async function findCredential(
  registry: string,
  source: CredentialSource = {},
): Promise<Credential> {
  const environment = source.environment ?? process.env;
  const folder = environment["DOCKER_CONFIG"] || join(homedir(), ".docker");
  const path = join(folder, "config.json");
  const config = await readConfig(path);
  if (config === undefined) return ANONYMOUS;

  const server = registry === "docker.io" ? DOCKER_HUB_KEY : registry;
  const helper = textAt(config.credHelpers, server) ?? textAt(config.credHelpers, registry);
  const store = typeof config.credsStore === "string" ? config.credsStore : "";
  const name = helper ?? (store === "" ? undefined : store);
  if (name !== undefined) {
    const found = await askHelper(name, server, source.runHelper ?? runHelperProgram);
    if (found !== undefined) return found;
  }
  const entry = entryFor(config.auths, server);
  return entry === undefined ? ANONYMOUS : credentialOf(entry, registry, path);
}

async function readConfig(path: string): Promise<DockerConfig | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw configError(path, "cannot be read", cause);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Not as a cause: the parser's message quotes the text around the fault, and that text is
    // secrets.
    throw configError(path, "is not JSON");
  }
  if (!isRecord(parsed)) throw configError(path, "is not a JSON object");
  return parsed;
}

/** The entry under the very key, else under one that names the same host in another spelling. */
function entryFor(auths: unknown, server: string): Record<string, unknown> | undefined {
  if (!isRecord(auths)) return undefined;
  const exact = auths[server];
  if (isRecord(exact)) return exact;
  const wanted = hostOf(server);
  for (const [key, entry] of Object.entries(auths)) {
    if (hostOf(key) === wanted && isRecord(entry)) return entry;
  }
  return undefined;
}

function hostOf(key: string): string {
  return (key.replace(/^https?:\/\//, "").split("/")[0] ?? "").toLowerCase();
}

function credentialOf(entry: Record<string, unknown>, registry: string, path: string): Credential {
  const text = (key: string) => {
    const value = entry[key];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const registryToken = text("registrytoken");
  if (registryToken !== undefined) return { kind: "registry-token", token: registryToken };
  const identityToken = text("identitytoken");
  if (identityToken !== undefined) return { kind: "identity-token", token: identityToken };
  const auth = text("auth");
  if (auth !== undefined) {
    const decoded = Buffer.from(auth, "base64").toString("utf8").replace(/\0+$/, "");
    const colon = decoded.indexOf(":");
    if (colon < 1) {
      throw configError(
        path,
        `has an auth for ${registry} that is not the base64 of user:password`,
      );
    }
    const username = decoded.slice(0, colon);
    return { kind: "basic", username, password: decoded.slice(colon + 1) };
  }
  const username = text("username");
  const password = text("password");
  if (username !== undefined && password !== undefined) {
    return { kind: "basic", username, password };
  }
  return ANONYMOUS;
}

function configError(path: string, problem: string, cause?: unknown): GanglionError {
  return new GanglionError("E_CREDENTIALS", `docker config ${path} ${problem}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: "Repair it, run `docker login` again, or point DOCKER_CONFIG at another folder.",
    exitCode: ExitCode.badInput,
  });
}

function textAt(table: unknown, key: string): string | undefined {
  if (!isRecord(table) || !Object.hasOwn(table, key)) return undefined;
  const value = table[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}
