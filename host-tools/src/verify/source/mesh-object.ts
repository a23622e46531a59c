// One Kubernetes object as it was read: its values, and the syntax tree that they came from.

import type { Node } from "yaml";
import type { SourceFile } from "./source-file";

export interface MeshObject {
  readonly file: SourceFile;
  readonly apiVersion: string;
  /** API group, without the version; empty for the core group. */
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  /** From the metadata, else the default of the run. */
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly value: Readonly<Record<string, unknown>>;
  /** Where the object stands in the text; parsed when somebody asks for the first time. */
  readonly root: Node;
  /** True of an item of a `kind: List`. */
  readonly listed: boolean;
}

/** `Kind namespace/name`, as messages name an object. */
export function objectName(object: MeshObject): string {
  return `${object.kind} ${object.namespace}/${object.name}`;
}
