// A Kubernetes object as the API server gives it, of any kind. No generated types: what the tool
// looks at are a handful of members, and custom resources have no generated types anyway.

export interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly time?: string;
  /** Nested keys `f:NAME`, `k:{...}`, `v:...`, as structured-merge-diff writes them. */
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly controller?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly managedFields?: readonly ManagedFields[];
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [member: string]: unknown;
}

export interface KindName {
  readonly apiVersion: string;
  readonly kind: string;
}

/** What names one object. Without a namespace: the connection's, or none for a kind that has none. */
export interface ObjectKey extends KindName {
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** The key of an object in hand. */
export function keyOf(object: ClusterObject): ObjectKey {
  const { apiVersion, kind, metadata } = object;
  return { apiVersion, kind, name: metadata.name, namespace: metadata.namespace };
}

/** `WasmPlugin ai/ganglion`, as messages name an object. */
export function objectName(key: ObjectKey): string {
  return `${key.kind} ${key.namespace === undefined ? "" : `${key.namespace}/`}${key.name}`;
}

/** The group of an apiVersion; empty for the core group. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}
