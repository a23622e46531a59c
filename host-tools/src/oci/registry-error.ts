// What a registry's refusal means to the user. The specification's error body is read for its code
// and message, which are a stranger's text: cut, and stripped of what could steer a terminal.

import { GanglionError } from "../lib/errors";
import type { Answer } from "./exchange";

const QUOTED_MAX_CHARS = 200;
// What OpenSSL says when the other side answers a handshake with plain text.
const NOT_TLS = /wrong version number|packet length too long|EPROTO/i;

/** Registry, repository and action, as every message names them. */
export function exchangeName(apiHost: string, repository: string, action: string): string {
  return `registry ${apiHost}, repository ${repository}, ${action}`;
}

/** The error of an answer whose status is not the wanted one. */
export function statusError(what: string, answer: Answer): GanglionError {
  const { status } = answer;
  const denied = status === 401 || status === 403;
  const said = registryWords(answer.body);
  return new GanglionError(
    denied ? "E_REGISTRY_DENIED" : "E_REGISTRY_STATUS",
    `${what}: status ${status}${said === "" ? "" : ` (${said})`}`,
    { hint: hintFor(status) },
  );
}

/** The error of an exchange that never got a complete answer. */
export function connectionError(what: string, cause: Error): GanglionError {
  return new GanglionError("E_REGISTRY_CONNECT", `${what}: ${printable(cause.message)}`, {
    cause,
    hint: NOT_TLS.test(cause.message)
      ? "The registry does not speak TLS there; if that is meant, allow it with --plain-http."
      : "Check the address and that the registry is up; trying again is safe.",
  });
}

function hintFor(status: number): string {
  if (status === 401 || status === 403) {
    return "Log in with an account that may do this (`docker login`); check the repository.";
  }
  if (status === 404) {
    return "Check the repository's name; some registries want it created before the first push.";
  }
  if (status === 413)
    return "The registry, or a proxy before it, limits the size of an upload; raise it.";
  if (status === 429)
    return "The registry limits the rate; wait as long as it says, then push again.";
  if (status >= 500) return "The registry failed; nothing was tagged, so pushing again is safe.";
  if (status >= 300 && status < 400) {
    return "Only blobs may be read elsewhere; name the registry by the host it redirects to.";
  }
  return "Check that the address is an OCI registry's (distribution specification 1.x).";
}

function registryWords(body: Uint8Array): string {
  if (body.length === 0) return "";
  let parsed: { errors?: unknown } | null;
  try {
    parsed = JSON.parse(Buffer.from(body).toString("utf8")) as typeof parsed;
  } catch {
    return "";
  }
  const errors = Array.isArray(parsed?.errors) ? (parsed.errors as unknown[]) : [];
  const first = errors[0] as { code?: unknown; message?: unknown } | null | undefined;
  const words = [first?.code, first?.message].filter((word) => typeof word === "string");
  return printable(words.join(": "));
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, " ").slice(0, QUOTED_MAX_CHARS);
}
