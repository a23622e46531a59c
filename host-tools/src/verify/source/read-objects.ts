// Text to objects: streams, JSON, `kind: List`, anchors and merge keys. What is no Kubernetes object
// is left alone; what is no YAML is an error with its place.

import {
  type Document,
  isAlias,
  isMap,
  isSeq,
  type Node,
  parseAllDocuments,
  type YAMLError,
} from "yaml";
import { ExitCode, GanglionError } from "../../lib/errors";
import type { MeshObject } from "./mesh-object";
import { SourceFile } from "./source-file";

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
  const parsed = parseAllDocuments(text, { merge: true, prettyErrors: false, uniqueKeys: true });
  const documents: readonly Document[] = Array.isArray(parsed) ? parsed : [];
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw broken(file, error);
    return objectsOf(file, document, namespace);
  });
}

function objectsOf(file: SourceFile, document: Document, namespace: string): MeshObject[] {
  const root = document.contents;
  if (!isMap(root)) return [];
  const value = plainValue(file, document);
  if (!isRecord(value) || typeof value["kind"] !== "string") return [];
  if (!value["kind"].endsWith("List") || !Array.isArray(value["items"])) {
    return [objectOf(file, root, value, namespace, false)];
  }
  const items = root.get("items", true);
  const list = value["items"];
  if (!isSeq(items)) return [];
  return list.flatMap((item: unknown, i) => {
    const node = items.items[i] as Node | undefined;
    const target = isAlias(node) ? node.resolve(document) : node;
    if (!isRecord(item) || typeof item["kind"] !== "string" || !target) return [];
    return [objectOf(file, target, item, namespace, true)];
  });
}

function plainValue(file: SourceFile, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (cause) {
    const { line, column } = file.positionOf(document.range?.[0] ?? 0);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw mistake(`${file.name}:${line}:${column}: ${reason}`, cause);
  }
}

function objectOf(
  file: SourceFile,
  root: Node,
  value: Record<string, unknown>,
  namespace: string,
  listed: boolean,
): MeshObject {
  const metadata = isRecord(value["metadata"]) ? value["metadata"] : {};
  const apiVersion = text(value["apiVersion"]) ?? "";
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
    root,
    listed,
  };
}

function broken(file: SourceFile, error: YAMLError): GanglionError {
  const { line, column } = file.positionOf(error.pos[0]);
  return mistake(`${file.name}:${line}:${column}: ${firstLine(error.message)}`, error);
}

function mistake(message: string, cause: unknown): GanglionError {
  return new GanglionError("E_MESH_YAML", message, {
    cause,
    hint: "Correct the YAML, or leave the file out; templates must be rendered first.",
    exitCode: ExitCode.badInput,
  });
}

function firstLine(message: string): string {
  return message.split("\n")[0] ?? message;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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
