// The API server as the tool uses it: read, list, server-side apply, merge patch, delete, watch, for
// objects of any kind. Two rules stand here so that no caller can forget them: nothing is ever
// forced unless the call says so, and every write names its field manager.

import { knownResource, resourcePath, apiRoot, discoveredResource } from "./kind-resources";
import type { KindResource } from "./kind-resources";
import { type Attempted, ClusterError } from "./cluster-error";
import { type ClusterObject, keyOf, type KindName, type ObjectKey } from "./cluster-object";
import type { Connection } from "./connection";
import { type Call, Sender, type SenderOptions } from "./sender";
import { watchObjects, type WatchEvent } from "./watch";

/** Field manager of whatever names no other. */
export const FIELD_MANAGER = "ganglion";
/** Objects per page of a list. */
const PAGE_OBJECTS = 500;

export interface WriteOptions {
  /** `ganglion` by default. */
  readonly fieldManager?: string;
  /** Everything is checked by the server, nothing stored. */
  readonly dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  /** Takes fields of other managers over; never by default. */
  readonly force?: boolean;
}

export interface ListOptions {
  /** Default: the connection's namespace; `""` for all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface WatchOptions extends ListOptions {
  /** Begin after this version; by default with what is there. */
  readonly resourceVersion?: string;
  readonly signal?: AbortSignal;
}

export interface DeleteOptions {
  /** Deletes only this incarnation. */
  readonly uid?: string | undefined;
  /** Deletes only what has not changed since. */
  readonly resourceVersion?: string | undefined;
  readonly dryRun?: boolean;
}

/**
 * A cluster as the commands see it. All calls throw ClusterError; a test may put its own in the
 * place of the real one.
 */
export interface Cluster {
  readonly server: string;
  readonly context: string;
  /** The namespace of whatever names none. */
  readonly namespace: string;
  /** E_CLUSTER_NOT_FOUND where there is none. */
  get(key: ObjectKey): Promise<ClusterObject>;
  /** Undefined where there is none, also where the kind itself is not installed. */
  find(key: ObjectKey): Promise<ClusterObject | undefined>;
  list(kind: KindName, options?: ListOptions): Promise<ClusterObject[]>;
  /** E_CLUSTER_EXISTS where there is one already. */
  create(object: ClusterObject, options?: WriteOptions): Promise<ClusterObject>;
  /**
   * Server-side apply: the fields given become the manager's, its earlier ones that are missing go.
   * A `metadata.resourceVersion` in the object is a precondition (E_CLUSTER_CONFLICT); fields of
   * others are E_CLUSTER_OWNED with `conflicts`.
   */
  apply(object: ClusterObject, options?: ApplyOptions): Promise<ClusterObject>;
  /** JSON merge patch (RFC 7396). A `metadata.resourceVersion` in it is a precondition. */
  patch(key: ObjectKey, patch: object, options?: WriteOptions): Promise<ClusterObject>;
  /** False where there was none. */
  delete(key: ObjectKey, options?: DeleteOptions): Promise<boolean>;
  /** Ends when the server ends it or the signal aborts; then list and watch again. */
  watch(kind: KindName, options?: WatchOptions): AsyncGenerator<WatchEvent>;
  /** The text of another path of the API, such as one behind `pods/NAME:PORT/proxy`. */
  read(path: string, attempted: Attempted): Promise<string>;
}

export class ApiCluster implements Cluster {
  private readonly sender: Sender;
  private readonly discovered = new Map<string, KindResource>();

  constructor(connection: Connection, options: SenderOptions) {
    this.sender = new Sender(connection, options);
  }

  get server(): string {
    return this.sender.connection.server;
  }

  get context(): string {
    return this.sender.connection.context;
  }

  get namespace(): string {
    return this.sender.connection.namespace;
  }

  async get(key: ObjectKey): Promise<ClusterObject> {
    const { path, attempted } = await this.placeOf(key, "get");
    return this.object({ attempted, method: "GET", path });
  }

  async find(key: ObjectKey): Promise<ClusterObject | undefined> {
    return absentAs(undefined, () => this.get(key));
  }

  async list(kind: KindName, options: ListOptions = {}): Promise<ClusterObject[]> {
    const { path, attempted } = await this.collectionOf(kind, options, "list");
    const found: ClusterObject[] = [];
    let next = "";
    do {
      const query = queryOf({ ...selectors(options), limit: PAGE_OBJECTS, continue: next });
      const page = (await this.sender.json({
        attempted,
        method: "GET",
        path: path + query,
      })) as { items?: ClusterObject[]; metadata?: { continue?: string } };
      // The items of a list carry neither apiVersion nor kind.
      for (const item of page.items ?? []) found.push({ ...item, ...kind });
      next = page.metadata?.continue ?? "";
    } while (next !== "");
    return found;
  }

  async create(object: ClusterObject, options: WriteOptions = {}): Promise<ClusterObject> {
    const within = { namespace: object.metadata.namespace ?? this.namespace };
    const { path, attempted } = await this.collectionOf(object, within, "create");
    return this.object({
      attempted: { ...attempted, name: undefined },
      method: "POST",
      path: path + queryOf(writeQuery(options)),
      body: JSON.stringify(object),
    });
  }

  async apply(object: ClusterObject, options: ApplyOptions = {}): Promise<ClusterObject> {
    const { path, attempted } = await this.placeOf(keyOf(object), "patch");
    const query = queryOf({
      ...writeQuery(options),
      force: options.force === true,
      fieldValidation: "Strict",
    });
    return this.object({
      attempted,
      method: "PATCH",
      path: path + query,
      // JSON is YAML.
      contentType: "application/apply-patch+yaml",
      body: JSON.stringify(object),
    });
  }

  async patch(key: ObjectKey, patch: object, options: WriteOptions = {}): Promise<ClusterObject> {
    const { path, attempted } = await this.placeOf(key, "patch");
    return this.object({
      attempted,
      method: "PATCH",
      path: path + queryOf(writeQuery(options)),
      contentType: "application/merge-patch+json",
      body: JSON.stringify(patch),
    });
  }

  async delete(key: ObjectKey, options: DeleteOptions = {}): Promise<boolean> {
    const { path, attempted } = await this.placeOf(key, "delete");
    const { uid, resourceVersion, dryRun } = options;
    const body = JSON.stringify({
      apiVersion: "v1",
      kind: "DeleteOptions",
      preconditions: { uid, resourceVersion },
    });
    const query = queryOf(dryRun === true ? { dryRun: "All" } : {});
    return absentAs(false, async () => {
      await this.sender.text({ attempted, method: "DELETE", path: path + query, body });
      return true;
    });
  }

  async *watch(kind: KindName, options: WatchOptions = {}): AsyncGenerator<WatchEvent> {
    const { path, attempted } = await this.collectionOf(kind, options, "watch");
    const query = queryOf({
      ...selectors(options),
      watch: true,
      // "0": from whatever the server has at hand.
      resourceVersion: options.resourceVersion ?? "0",
    });
    const call: Call = { attempted, method: "GET", path: path + query, signal: options.signal };
    yield* watchObjects(this.sender, call);
  }

  read(path: string, attempted: Attempted): Promise<string> {
    return this.sender.text({ attempted, method: "GET", path });
  }

  private async object(call: Call): Promise<ClusterObject> {
    return (await this.sender.json(call)) as ClusterObject;
  }

  private async placeOf(
    key: ObjectKey,
    verb: Attempted["verb"],
  ): Promise<{ path: string; attempted: Attempted }> {
    const resource = await this.resourceOf(key);
    const namespace = resource.namespaced ? (key.namespace ?? this.namespace) : undefined;
    const { apiVersion, name } = key;
    return {
      path: resourcePath(apiVersion, resource, namespace, name),
      attempted: { verb, apiVersion, resource: resource.plural, namespace, name },
    };
  }

  private async collectionOf(
    kind: KindName,
    options: ListOptions,
    verb: Attempted["verb"],
  ): Promise<{ path: string; attempted: Attempted }> {
    const resource = await this.resourceOf(kind);
    const wanted = options.namespace ?? this.namespace;
    const namespace = resource.namespaced && wanted !== "" ? wanted : undefined;
    return {
      path: resourcePath(kind.apiVersion, resource, namespace),
      attempted: { verb, apiVersion: kind.apiVersion, resource: resource.plural, namespace },
    };
  }

  private async resourceOf(kind: KindName): Promise<KindResource> {
    const { apiVersion } = kind;
    const key = `${apiVersion} ${kind.kind}`;
    const known = knownResource(kind) ?? this.discovered.get(key);
    if (known !== undefined) return known;
    const attempted = { verb: "get", apiVersion, resource: `the kinds of ${apiVersion}` } as const;
    const list = await this.sender.json({ attempted, method: "GET", path: apiRoot(apiVersion) });
    const found = discoveredResource(list, kind.kind);
    if (found === undefined) {
      throw new ClusterError("E_CLUSTER_NOT_FOUND", `the cluster knows no ${key}`, 404, {
        hint: "Install its CRD, or render for what the cluster has.",
      });
    }
    this.discovered.set(key, found);
    return found;
  }
}

async function absentAs<T>(absent: T, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ClusterError && error.code === "E_CLUSTER_NOT_FOUND") return absent;
    throw error;
  }
}

function selectors(options: ListOptions): Record<string, string | undefined> {
  return { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector };
}

function writeQuery(options: WriteOptions): Record<string, string | undefined> {
  return {
    fieldManager: options.fieldManager ?? FIELD_MANAGER,
    dryRun: options.dryRun === true ? "All" : undefined,
  };
}

function queryOf(parts: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parts)) {
    if (value !== undefined && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}
