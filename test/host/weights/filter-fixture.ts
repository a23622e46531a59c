// The filter's object as the API server would give it, and a cluster in memory that keeps objects as
// the API server keeps them: by version, with server-side apply for the fields of weights.

import { createHash } from "node:crypto";
import {
  type ApplyOptions,
  type Cluster,
  ClusterError,
  type ClusterObject,
  type ObjectKey,
} from "../../../host-tools/src/cluster";
import { type PluginConfig, withModel } from "../../../host-tools/src/config/plugin-config";
import { filterImage, filterObject } from "../../../host-tools/src/istio/filter-object";
import type { FilterKind } from "../../../host-tools/src/istio/filter-object";
import { liveFilter, type LiveFilter } from "../../../host-tools/src/weights/live-filter";

export const IMAGE = `oci://registry.example.com/team/ganglion@sha256:${"12".repeat(32)}`;

export function pluginConfig(epoch: number, artifact?: Uint8Array): PluginConfig {
  const config: PluginConfig = {
    version: 1,
    epoch,
    mode: "enforce",
    routes: [{ name: "chat", match: { path_prefix: "/chat" } }],
  };
  return artifact === undefined ? config : withModel(config, artifact);
}

export function filter(
  config: PluginConfig,
  kind: FilterKind = "TrafficExtension",
  metadata: Partial<ClusterObject["metadata"]> = {},
): ClusterObject {
  const facts = {
    istio: { major: 1, minor: 31 },
    namespace: "ai",
    workloads: { ganglion: "on" },
    gateways: [],
    image: undefined,
  };
  const object = filterObject(kind, "ganglion", facts, filterImage(IMAGE), config);
  return { ...object, metadata: { ...object.metadata, resourceVersion: "1", ...metadata } };
}

export const live = (config: PluginConfig, kind?: FilterKind): LiveFilter =>
  liveFilter(filter(config, kind));

/** Called before a write takes place; may write itself, as a rival would. */
export type BeforeWrite = (what: "apply" | "patch" | "create", dryRun: boolean) => void;

/** As much of a cluster as weights need. */
export class MemoryCluster implements Cluster {
  readonly server = "memory";
  readonly context = "memory";
  readonly namespace = "ai";
  private readonly objects = new Map<string, ClusterObject>();
  private version = 1;
  beforeWrite: BeforeWrite = () => {};
  readonly writes: string[] = [];

  put(object: ClusterObject): void {
    this.version += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.version) };
    this.objects.set(keyText(object.kind, object.metadata.name), { ...object, metadata });
  }

  peek(kind: string, name: string): ClusterObject | undefined {
    return this.objects.get(keyText(kind, name));
  }

  async find(key: ObjectKey): Promise<ClusterObject | undefined> {
    return structuredClone(this.peek(key.kind, key.name));
  }

  async get(key: ObjectKey): Promise<ClusterObject> {
    const object = await this.find(key);
    if (object !== undefined) return object;
    throw new ClusterError("E_CLUSTER_NOT_FOUND", `no ${key.kind} ${key.name}`, 404);
  }

  async create(object: ClusterObject): Promise<ClusterObject> {
    this.beforeWrite("create", false);
    if (this.peek(object.kind, object.metadata.name) !== undefined) {
      throw new ClusterError("E_CLUSTER_EXISTS", "it exists", 409);
    }
    this.writes.push(`create ${object.kind}`);
    this.put(object);
    return this.get({ ...object, name: object.metadata.name });
  }

  async apply(object: ClusterObject, options: ApplyOptions = {}): Promise<ClusterObject> {
    const dryRun = options.dryRun === true;
    this.beforeWrite("apply", dryRun);
    const current = this.checked(object);
    const manager = options.fieldManager ?? "";
    const fieldsV1 = fieldsOf(object);
    const before = current.metadata.managedFields?.find((one) => one.manager === manager);
    const kept = { spec: structuredClone(current.spec) };
    removeDropped(kept, before?.fieldsV1 ?? {}, fieldsV1);
    const spec = merged(kept.spec, object.spec) as Record<string, unknown>;
    const managedFields = [{ manager, operation: "Apply", fieldsV1 }];
    const result = { ...current, spec, metadata: { ...current.metadata, managedFields } };
    if (dryRun) return result;
    this.writes.push(`apply ${object.kind}`);
    this.put(result);
    return this.get({ ...object, name: object.metadata.name });
  }

  async patch(key: ObjectKey, patch: object): Promise<ClusterObject> {
    this.beforeWrite("patch", false);
    const change = patch as ClusterObject;
    const current = this.checked({ ...change, kind: key.kind });
    this.writes.push(`patch ${key.kind}`);
    const { metadata: _metadata, ...rest } = change;
    this.put(merged(current, rest) as ClusterObject);
    return this.get(key);
  }

  delete(): Promise<boolean> {
    throw new Error("weights delete nothing");
  }
  list(): Promise<ClusterObject[]> {
    throw new Error("not asked for here");
  }
  read(): Promise<string> {
    throw new Error("not asked for here");
  }
  async *watch(): AsyncGenerator<never> {
    throw new Error("not asked for here");
  }

  private checked(object: ClusterObject): ClusterObject {
    const { name, resourceVersion } = object.metadata;
    const current = this.peek(object.kind, name);
    if (current === undefined) throw new ClusterError("E_CLUSTER_NOT_FOUND", `no ${name}`, 404);
    if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion) {
      throw new ClusterError("E_CLUSTER_CONFLICT", `${name} has changed`, 409);
    }
    return current;
  }
}

export const sha256 = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");

function keyText(kind: string, name: string): string {
  return `${kind} ${name}`;
}

/** JSON merge patch, which for these objects is what an apply comes to. */
function merged(target: unknown, change: unknown): unknown {
  if (typeof change !== "object" || change === null || Array.isArray(change)) return change;
  const base = typeof target === "object" && target !== null ? target : {};
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete result[key];
    else if (value !== undefined) result[key] = merged(result[key], value);
  }
  return result;
}

/** What a manager held and no longer says goes. */
function removeDropped(value: object, before: Fields, after: Fields): void {
  const members = value as Record<string, object>;
  for (const [field, inner] of Object.entries(before)) {
    const key = field.slice("f:".length);
    if (!field.startsWith("f:") || members[key] === undefined) continue;
    const now = after[field];
    if (now === undefined) delete members[key];
    else removeDropped(members[key], inner as Fields, now as Fields);
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** Owned fields as structured-merge-diff writes them, lists of the environment by name. */
function fieldsOf(value: unknown): Record<string, unknown> {
  if (Array.isArray(value)) {
    const named = value as { name: string }[];
    return Object.fromEntries(named.map((one) => [`k:{"name":"${one.name}"}`, fieldsOf(one)]));
  }
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !["apiVersion", "kind", "metadata"].includes(key))
      .map(([key, member]) => [`f:${key}`, fieldsOf(member)]),
  );
}
