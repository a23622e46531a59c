// What the API server's refusal means to the user: which permission is missing, who owns the field,
// which field is wrong. Kubernetes answers with a Status object whose details say it.

import { ExitCode, GanglionError } from "../lib/errors";
import { printable } from "../lib/printable";
import { groupOf } from "./cluster-object";
import type { Answer } from "./exchange";

/** What was attempted, in the words of RBAC. */
export interface Attempted {
  readonly verb: "get" | "list" | "watch" | "create" | "update" | "patch" | "delete";
  readonly apiVersion: string;
  /** Plural, perhaps with a subresource: `pods/proxy`. */
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** A field that somebody else has applied. */
export interface FieldConflict {
  /** The other's field manager. */
  readonly owner: string;
  /** Path, e.g. `.spec.pluginConfig.epoch`. */
  readonly field: string;
}

/** A refusal of the API server. `code` says which: E_CLUSTER_CONFLICT, E_CLUSTER_DENIED, ... */
export class ClusterError extends GanglionError {
  constructor(
    code: string,
    message: string,
    /** HTTP status; 0 where no answer came. */
    readonly status: number,
    options: ConstructorParameters<typeof GanglionError>[2] = {},
    /** Of a server-side apply: the fields of others. Empty for a changed resourceVersion. */
    readonly conflicts: readonly FieldConflict[] = [],
  ) {
    super(code, message, options);
  }
}

interface Status {
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly details?: {
    readonly causes?: readonly {
      readonly reason?: unknown;
      readonly message?: unknown;
      readonly field?: unknown;
    }[];
  };
}

const QUOTED_MAX_CHARS = 600;

/** The error of an answer that is no success. */
export function clusterError(attempted: Attempted, answer: Answer): ClusterError {
  const status = readStatus(answer.body);
  const what = attemptName(attempted);
  const said = quoted(typeof status.message === "string" ? status.message : answer.body);
  if (isPermanent(answer)) return invalidError(what, answer.status, status, said);
  switch (answer.status) {
    case 401:
      return new ClusterError("E_CLUSTER_LOGIN", `${what}: the credentials are not taken`, 401, {
        hint: "Log in again, or name another context with --context.",
      });
    case 403:
      return deniedError(attempted, said);
    case 404:
      return new ClusterError("E_CLUSTER_NOT_FOUND", `${what}: there is none (${said})`, 404, {
        hint: "Check name, namespace (-n) and context; for a custom kind, that its CRD is installed.",
        exitCode: ExitCode.badInput,
      });
    case 409:
      return conflictError(what, status, said);
    case 400:
    case 413:
    case 422:
      return invalidError(what, answer.status, status, said);
    case 429:
      return new ClusterError("E_CLUSTER_BUSY", `${what}: too many requests (${said})`, 429, {
        hint: "The API server asks to wait; run again later, nothing was changed.",
      });
    default:
      return new ClusterError(
        "E_CLUSTER_STATUS",
        `${what}: status ${answer.status} (${said})`,
        answer.status,
        { hint: "The API server failed; run again, what was asked is safe to repeat." },
      );
  }
}

/** Says 500 for what no second try will change: an object that is too large, or unknown fields. */
const PERMANENT = /etcdserver: request is too large|failed to create typed patch object/;

/** True for an answer of 500 that a second try would get again. */
export function isPermanent(answer: Answer): boolean {
  return answer.status === 500 && PERMANENT.test(answer.body);
}

/** The error of an exchange that never got a complete answer. */
export function unreachableError(server: string, attempted: Attempted, cause: Error): ClusterError {
  return new ClusterError(
    "E_CLUSTER_CONNECT",
    `${attemptName(attempted)}: no answer from ${server}: ${quoted(cause.message)}`,
    0,
    { cause, hint: "Check that the API server is up and the context is the right one; run again." },
  );
}

/** The rule of a Role that allows what was attempted, as one line of YAML. */
export function neededRule(attempted: Attempted): string {
  const { apiVersion, resource, name, verb } = attempted;
  const names = name === undefined ? "" : `, resourceNames: [${JSON.stringify(name)}]`;
  return (
    `{ apiGroups: ["${groupOf(apiVersion)}"], resources: ["${resource}"]${names}, ` +
    `verbs: ["${verb}"] }`
  );
}

function attemptName(attempted: Attempted): string {
  const { verb, resource, namespace, name } = attempted;
  const where = namespace === undefined ? "" : ` in namespace ${namespace}`;
  return `${verb} ${resource}${name === undefined ? "" : ` ${name}`}${where}`;
}

function deniedError(attempted: Attempted, said: string): ClusterError {
  return new ClusterError(
    "E_CLUSTER_DENIED",
    `${attemptName(attempted)}: not permitted (${said})`,
    403,
    { hint: `The Role lacks the rule ${neededRule(attempted)}.` },
  );
}

function conflictError(what: string, status: Status, said: string): ClusterError {
  const conflicts = (status.details?.causes ?? [])
    .filter((cause) => cause.reason === "FieldManagerConflict")
    .map((cause) => ({ owner: ownerIn(String(cause.message)), field: String(cause.field) }));
  if (conflicts.length > 0) {
    const list = conflicts.map(({ owner, field }) => `${field} belongs to ${owner}`).join("; ");
    return new ClusterError(
      "E_CLUSTER_OWNED",
      `${what}: ${list}`,
      409,
      {
        hint: "Let the owner make the change, or take the fields over with --force-conflicts.",
      },
      conflicts,
    );
  }
  if (status.reason === "AlreadyExists") {
    return new ClusterError("E_CLUSTER_EXISTS", `${what}: it exists already`, 409, {
      hint: "Run again: it was made in the meantime.",
    });
  }
  return new ClusterError(
    "E_CLUSTER_CONFLICT",
    `${what}: it was changed meanwhile (${said})`,
    409,
    {
      hint: "Run again: what is there now is read anew.",
    },
  );
}

/** Out of `conflict with "kubectl" using extensions.istio.io/v1alpha1` the manager. */
function ownerIn(message: string): string {
  return /conflict with "([^"]*)"/.exec(message)?.[1] ?? quoted(message);
}

function invalidError(what: string, code: number, status: Status, said: string): ClusterError {
  const causes = (status.details?.causes ?? []).filter((cause) => cause.field !== undefined);
  const fields = causes.map((cause) => `${String(cause.field)}: ${quoted(String(cause.message))}`);
  const tooLarge =
    code === 413 || /too (large|long)|exceeds the limit|trying to send message larger/i.test(said);
  return new ClusterError(
    tooLarge ? "E_CLUSTER_TOO_LARGE" : "E_CLUSTER_INVALID",
    `${what}: ${fields.length > 0 ? fields.join("; ") : said}`,
    code,
    {
      hint: tooLarge
        ? "The API server stores at most about 1.5 MiB per object; make it smaller."
        : "Correct the field; nothing was changed.",
      exitCode: ExitCode.badInput,
    },
  );
}

function readStatus(body: string): Status {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null ? (parsed as Status) : {};
  } catch {
    return {};
  }
}

function quoted(text: string): string {
  return printable(text, QUOTED_MAX_CHARS);
}
