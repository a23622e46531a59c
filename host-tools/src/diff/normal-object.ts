// An object without what is not the policy's to say, in one order of members: two objects that mean
// the same are the same text.

import type { KubeObject } from "../istio/kube-object";
import { yamlText } from "../istio/yaml-text";

/** An object as it was read, of any kind. */
export interface AnyObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [member: string]: unknown;
}

/** Set by the API server and by clients, never by who writes the object. */
const SERVER_MEMBERS = new Set([
  "managedFields",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "selfLink",
  "ownerReferences",
]);
const CLIENT_ANNOTATIONS = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  "deployment.kubernetes.io/revision",
]);

/** A rendered object among those that were read. */
export function renderedObject(object: KubeObject): AnyObject {
  return { ...object };
}

export function isObject(value: unknown): value is AnyObject {
  const { apiVersion, kind, metadata } = (value ?? {}) as Partial<AnyObject>;
  return (
    typeof apiVersion === "string" &&
    typeof kind === "string" &&
    typeof (metadata as { name?: unknown } | undefined)?.name === "string"
  );
}

/** By which two states of one object are found: the version of the API does not matter. */
export function identityOf({ apiVersion, kind, metadata }: AnyObject): string {
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  return [group, kind, metadata.namespace ?? "", metadata.name].join(" ");
}

/** `Kind NAMESPACE/NAME`, for people. */
export function titleOf({ kind, metadata }: AnyObject): string {
  return `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;
}

/** True for what `ganglion render` makes. */
export function isOurs({ metadata }: AnyObject): boolean {
  const labels = metadata.labels ?? {};
  return (
    labels["app.kubernetes.io/managed-by"] === "ganglion" &&
    labels["app.kubernetes.io/part-of"] === "ganglion"
  );
}

/**
 * The object as comparable text.
 *
 * @param isPushed true where weights are pushed apart from the policy: model and epoch are left out
 */
export function normalText(object: AnyObject, isPushed: boolean): string {
  const { status: _, metadata, ...rest } = object;
  const whole = { ...rest, metadata: normalMetadata(metadata) };
  return yamlText(sorted(isPushed ? withoutWeights(whole) : whole));
}

function normalMetadata(metadata: AnyObject["metadata"]): object {
  const kept = Object.entries(metadata).filter(([key]) => !SERVER_MEMBERS.has(key));
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([key]) => !CLIENT_ANNOTATIONS.has(key),
  );
  const { annotations: _, ...others } = Object.fromEntries(kept) as AnyObject["metadata"];
  return annotations.length === 0
    ? others
    : { ...others, annotations: Object.fromEntries(annotations) };
}

/** `pluginConfig` stands in a WasmPlugin's spec, and in `spec.wasm` of a TrafficExtension. */
function withoutWeights(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutWeights);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (key !== "pluginConfig" && key !== "config") return [key, withoutWeights(member)];
      const { model: _, epoch: __, ...rest } = member as Record<string, unknown>;
      return [key, rest];
    }),
  );
}

/** First what names the object, then the rest by name. */
const FIRST = ["apiVersion", "kind", "metadata", "name", "namespace"];

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const rank = (key: string): number => {
    const place = FIRST.indexOf(key);
    return place < 0 ? FIRST.length : place;
  };
  const keys = Object.keys(value).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return Object.fromEntries(
    keys.map((key) => [key, sorted((value as Record<string, unknown>)[key])]),
  );
}
