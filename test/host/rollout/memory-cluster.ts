// A cluster in memory with what a rollout relies on: versions that every write raises, preconditions
// that refuse, merge patches. It can die at any write, before or after it has been done, as a tool
// that is killed sees it.

import {
  type Cluster,
  ClusterError,
  type ClusterObject,
  type ObjectKey,
} from "../../../host-tools/src/cluster";

/** What a killed process comes to, in one process. */
export class Killed extends Error {
  override readonly name = "Killed";
}

export class MemoryCluster implements Pick<Cluster, "find" | "create" | "patch"> {
  private readonly objects = new Map<string, ClusterObject>();
  private version = 0;
  /** Every object after every write, in order. */
  readonly history: ClusterObject[] = [];
  /** Writes until the process dies: at the end of them, or with a half more after one more is done. */
  writesLeft = Infinity;
  /** While set, every call fails like a server that is away. */
  isAway = false;
  /** Called before each patch, as somebody else who is at work. */
  beforePatch: ((key: ObjectKey) => void) | undefined;

  asCluster(): Cluster {
    return this as unknown as Cluster;
  }

  put(object: ClusterObject): void {
    const resourceVersion = String(++this.version);
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion } };
    this.objects.set(nameOf(object.kind, object.metadata.name), stored);
    this.history.push(stored);
  }

  peek(kind: string, name: string): ClusterObject | undefined {
    return this.objects.get(nameOf(kind, name));
  }

  async find(key: ObjectKey): Promise<ClusterObject | undefined> {
    this.failIfAway();
    return this.peek(key.kind, key.name);
  }

  async create(object: ClusterObject): Promise<ClusterObject> {
    this.failIfAway();
    if (this.peek(object.kind, object.metadata.name) !== undefined)
      throw refused("E_CLUSTER_EXISTS");
    return this.written(() => this.put(object), object.kind, object.metadata.name);
  }

  async patch(
    key: ObjectKey,
    patch: object,
    options?: { dryRun?: boolean },
  ): Promise<ClusterObject> {
    this.failIfAway();
    this.beforePatch?.(key);
    const before = this.peek(key.kind, key.name);
    if (before === undefined) throw refused("E_CLUSTER_NOT_FOUND");
    const wanted = (patch as ClusterObject).metadata?.resourceVersion;
    if (wanted !== undefined && wanted !== before.metadata.resourceVersion) {
      throw refused("E_CLUSTER_CONFLICT");
    }
    const after = JSON.parse(JSON.stringify(merged(before, patch))) as ClusterObject;
    if (options?.dryRun === true) return after;
    return this.written(() => this.put(after), key.kind, key.name);
  }

  private written(write: () => void, kind: string, name: string): ClusterObject {
    const left = this.writesLeft;
    this.writesLeft -= 1;
    if (left <= 0) throw new Killed("before a write");
    write();
    if (left === 0.5) throw new Killed("after a write");
    return this.peek(kind, name) as ClusterObject;
  }

  private failIfAway(): void {
    if (this.isAway) throw new ClusterError("E_CLUSTER_UNREACHABLE", "refused", 0);
  }
}

function refused(code: string): ClusterError {
  return new ClusterError(code, code, 409);
}

const nameOf = (kind: string, name: string): string => `${kind} ${name}`;

/** RFC 7396. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = {
    ...(typeof target === "object" && target !== null && !Array.isArray(target) ? target : {}),
  };
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}
