// Text to objects: streams, JSON, `kind: List`, anchors and merge keys. What is no Kubernetes object
// is left alone; what is no YAML is an error with its place.
//
// Values are read by a quick reader where the document is plain, and the syntax tree, which costs ten
// times as much, is made only of documents in which something is found.

import {
  Document,
  isAlias,
  isMap,
  isSeq,
  type Node,
  parseAllDocuments,
  visit,
  type YAMLError,
} from "yaml";
import { ExitCode, GanglionError } from "../../lib/errors";
import type { MeshObject } from "./mesh-object";
import { yamlFault } from "../../lib/yaml-fault";
import { NOT_PLAIN, quickValue } from "./quick-yaml";
import { SourceFile } from "./source-file";
import { documentsOf, type TextDocument } from "./text-document";
import { isRecord } from "../../lib/is-record";

/** Expansions of aliases in one document; a bomb of nested ones is an error, not a hang. */
const ALIASES_MAX = 1000;

/**
 * All objects of one text, in its order.
 *
 * @param name as messages call the text
 * @param namespace of objects that name none
 * @throws GanglionError E_MESH_YAML with file, line and column
 */
export function readObjects(name: string, text: string, namespace: string): MeshObject[] {
  const file = new SourceFile(name, text);
  return documentsOf(text).flatMap((document) => objectsOf(file, document, namespace));
}

function objectsOf(file: SourceFile, document: TextDocument, namespace: string): MeshObject[] {
  const quick = quickValue(document.text);
  if (quick !== NOT_PLAIN) {
    let tree: Document | undefined;
    const open = (): Document => (tree ??= parsed(file, document)[0] ?? new Document());
    return objectsIn(file, open, quick, namespace);
  }
  return parsed(file, document).flatMap((tree) =>
    objectsIn(file, () => tree, plainValue(file, tree), namespace),
  );
}

function objectsIn(
  file: SourceFile,
  open: () => Document,
  value: unknown,
  namespace: string,
): MeshObject[] {
  if (!isRecord(value) || typeof value["kind"] !== "string") return [];
  if (!value["kind"].endsWith("List") || !Array.isArray(value["items"])) {
    return [objectOf(file, () => open().contents ?? undefined, value, namespace, false)];
  }
  const list: unknown[] = value["items"];
  return list.flatMap((item, i) => {
    if (!isRecord(item) || typeof item["kind"] !== "string") return [];
    return [objectOf(file, () => itemOf(open(), i), item, namespace, true)];
  });
}

function itemOf(document: Document, i: number): Node | undefined {
  const root = document.contents;
  const items = isMap(root) ? root.get("items", true) : undefined;
  const node = isSeq(items) ? (items.items[i] as Node | undefined) : undefined;
  return isAlias(node) ? node.resolve(document) : node;
}

/** Syntax trees with places in the whole text; several where a document marks its end by `...`. */
function parsed(file: SourceFile, { text, offset }: TextDocument): Document[] {
  const all = parseAllDocuments(text, { merge: true, prettyErrors: false, uniqueKeys: true });
  const documents: readonly Document[] = Array.isArray(all) ? all : [];
  return documents.map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw broken(file, error, offset);
    if (offset > 0) moveTree(document, offset);
    return document;
  });
}

function moveTree(document: Document, offset: number): void {
  visit(document, {
    Node(_key, node) {
      const { range } = node;
      if (range) node.range = [range[0] + offset, range[1] + offset, range[2] + offset];
    },
  });
}

function plainValue(file: SourceFile, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (cause) {
    const { line, column } = file.positionOf(document.contents?.range?.[0] ?? 0);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw mistake(`${file.name}:${line}:${column}: ${reason}`, cause);
  }
}

function objectOf(
  file: SourceFile,
  open: () => Node | undefined,
  value: Record<string, unknown>,
  namespace: string,
  listed: boolean,
): MeshObject {
  const metadata = isRecord(value["metadata"]) ? value["metadata"] : {};
  const apiVersion = text(value["apiVersion"]) ?? "";
  let root: Node | undefined;
  return {
    file,
    apiVersion,
    group: apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "",
    kind: text(value["kind"]) ?? "",
    name: text(metadata["name"]) ?? text(metadata["generateName"]) ?? "",
    namespace: text(metadata["namespace"]) ?? namespace,
    labels: textMap(metadata["labels"]),
    annotations: textMap(metadata["annotations"]),
    value,
    get root() {
      root ??= open();
      if (root === undefined) throw new Error(`${file.name}: an object without a place`);
      return root;
    },
    listed,
  };
}

function broken(file: SourceFile, error: YAMLError, offset: number): GanglionError {
  const { line, column } = file.positionOf(error.pos[0] + offset);
  const fault = yamlFault(error, file.text.slice(offset));
  return mistake(`${file.name}:${line}:${column}: ${fault}`, error);
}

function mistake(message: string, cause: unknown): GanglionError {
  return new GanglionError("E_MESH_YAML", message, {
    cause,
    hint: "Correct the YAML, or leave the file out; templates must be rendered first.",
    exitCode: ExitCode.badInput,
  });
}

function text(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(value) : undefined;
}

function textMap(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) =>
      typeof one === "object" || one === undefined ? [] : [[key, String(one)]],
    ),
  );
}
