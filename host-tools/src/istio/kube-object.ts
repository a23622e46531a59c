// The outer form of every Kubernetes object that we render.

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    /** Undefined for what belongs to the whole cluster. */
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** An object of a kind that has no spec; the API server would refuse an empty one. */
export function withoutSpec(
  object: Omit<KubeObject, "spec"> & Readonly<Record<string, unknown>>,
): KubeObject {
  return object as unknown as KubeObject;
}

/** Metadata with the labels by which our objects are found again. */
export function metadata(name: string, namespace?: string): KubeObject["metadata"] {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { "app.kubernetes.io/managed-by": "ganglion", "app.kubernetes.io/part-of": "ganglion" },
  };
}

/** A duration as Istio and Envoy write it: `300s`, `1.5s`, `0s`. */
export function duration(ms: number): string {
  return `${ms / 1000}s`;
}

/** The same of a value that may be missing. */
export function seconds(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : duration(ms);
}

/** The members that have a value. */
export function said(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
