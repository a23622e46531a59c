// The name of an image: [oci://]host[:port]/repository[:tag][@sha256:...]. The container tools fill
// in what is missing (Docker Hub, `library/`, `latest`). A reference here ends up in a mesh's
// configuration, where a filled-in registry is another party and `latest` is another module
// tomorrow, so nothing is guessed.

import { ExitCode, GanglionError } from "../lib/errors";
import { isDigest } from "./digest";

const SCHEME = "oci://";
const DOCKER_HUB = "docker.io";
const HOST_LABELS =
  /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/;
const IPV6_HOST = /^\[[0-9A-Fa-f:.]+\]$/;
const REPOSITORY =
  /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const REPOSITORY_MAX_CHARS = 255;
const TEXT_MAX_CHARS = 1024;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

export interface Reference {
  /** Host and port as in the name, lower-case: the key of credentials, e.g. `localhost:5000`. */
  readonly registry: string;
  /** Host and port to call; differs from `registry` for Docker Hub only. */
  readonly apiHost: string;
  readonly repository: string;
  readonly tag: string | undefined;
  /** `sha256:...` of the manifest. */
  readonly digest: string | undefined;
}

/**
 * Reads a reference.
 *
 * @throws GanglionError E_REFERENCE naming the part that is wrong
 */
export function parseReference(text: string): Reference {
  const bare = text.startsWith(SCHEME) ? text.slice(SCHEME.length) : text;
  if (text.length > TEXT_MAX_CHARS) {
    refuse(text.slice(0, 40), `has more than ${TEXT_MAX_CHARS} characters`, "Shorten it.");
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(bare)) {
    refuse(text, "has a scheme other than oci://", "Write the host without http:// or https://.");
  }
  if (/[\s\u0000-\u001f\u007f?#\\%]/.test(bare)) {
    refuse(
      text,
      "holds a blank or one of ? # \\ %",
      "A reference is plain text, nothing is escaped.",
    );
  }
  const slash = bare.indexOf("/");
  const hostPart = slash < 0 ? "" : bare.slice(0, slash);
  if (hostPart.includes("@")) {
    refuse(text, "has a user name before the host", "Credentials come from `docker login`.");
  }
  const registry = parseRegistry(text, hostPart);
  const { repository, tag, digest } = parsePath(text, bare.slice(slash + 1));
  const library = registry === DOCKER_HUB && !repository.includes("/");
  return {
    registry,
    apiHost: registry === DOCKER_HUB ? "registry-1.docker.io" : registry,
    repository: library ? `library/${repository}` : repository,
    tag,
    digest,
  };
}

/** The reference as text with the `oci://` of a WasmPlugin url; parses back to the same value. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  const digest = reference.digest === undefined ? "" : `@${reference.digest}`;
  return `${SCHEME}${reference.registry}/${reference.repository}${tag}${digest}`;
}

/**
 * What names the manifest: the digest, else the tag.
 *
 * @throws GanglionError E_REFERENCE when there is neither
 */
export function versionOf(reference: Reference): string {
  const version = reference.digest ?? reference.tag;
  if (version !== undefined) return version;
  const hint = "Add a tag, e.g. :0.1.0; `latest` is not assumed.";
  return refuse(formatReference(reference), "has neither a tag nor a digest", hint);
}

function parseRegistry(text: string, hostPart: string): string {
  const bracket = hostPart.lastIndexOf("]");
  const colon = hostPart.indexOf(":", bracket < 0 ? 0 : bracket);
  const host = (colon < 0 ? hostPart : hostPart.slice(0, colon)).toLowerCase();
  const port = colon < 0 ? undefined : hostPart.slice(colon + 1);
  // A first part with neither dot nor port is a folder of Docker Hub to the container tools.
  const named = port !== undefined || host === "localhost" || /[.:]/.test(host);
  if (!named) {
    refuse(
      text,
      "does not name its registry",
      "Begin with host/, e.g. docker.io/ or localhost:5000/.",
    );
  }
  if (!HOST_LABELS.test(host) && !IPV6_HOST.test(host)) {
    refuse(
      text,
      `has ${JSON.stringify(host)} for a host`,
      "Use a DNS name, an IPv4 or a [IPv6] address.",
    );
  }
  if (
    port !== undefined &&
    !(/^[0-9]{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535)
  ) {
    refuse(text, `has ${JSON.stringify(port)} for a port`, "A port is a number from 1 to 65535.");
  }
  const registry = port === undefined ? host : `${host}:${Number(port)}`;
  return registry === "index.docker.io" ? DOCKER_HUB : registry;
}

function parsePath(text: string, path: string): Pick<Reference, "repository" | "tag" | "digest"> {
  const at = path.indexOf("@");
  const digest = at < 0 ? undefined : path.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) {
    refuse(text, `has ${JSON.stringify(digest)} for a digest`, "Write sha256: and 64 of 0-9 a-f.");
  }
  const name = at < 0 ? path : path.slice(0, at);
  const colon = name.indexOf(":");
  const tag = colon < 0 ? undefined : name.slice(colon + 1);
  if (tag !== undefined && !TAG.test(tag)) {
    const hint = "A tag is 1 to 128 of A-Z a-z 0-9 _ . - and begins with neither . nor -.";
    refuse(text, `has ${JSON.stringify(tag)} for a tag`, hint);
  }
  const repository = colon < 0 ? name : name.slice(0, colon);
  if (repository.length > REPOSITORY_MAX_CHARS || !REPOSITORY.test(repository)) {
    const hint = `Use a-z 0-9 joined by . _ __ - and /, at most ${REPOSITORY_MAX_CHARS}.`;
    refuse(text, `has ${JSON.stringify(repository)} for a repository`, hint);
  }
  return { repository, tag, digest };
}

function refuse(text: string, problem: string, hint: string): never {
  throw new GanglionError("E_REFERENCE", `image reference ${JSON.stringify(text)} ${problem}`, {
    hint: `${hint} Form: [oci://]host[:port]/repository[:tag][@sha256:...]`,
    exitCode: ExitCode.usage,
  });
}
