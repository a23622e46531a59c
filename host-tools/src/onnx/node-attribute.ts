// Attributes of a node by the type that the operator gives them; another type is a broken file.

import { brokenFile } from "./onnx-error";
import { type AttributeValue, nodeTitle, type OnnxNode } from "./onnx-file";
import type { OnnxTensor } from "./onnx-tensor";

export function numberOf(node: OnnxNode, name: string): number | undefined {
  const value = node.attributes.get(name);
  if (value === undefined || typeof value === "number") return value;
  throw wrongType(node, name, "number");
}

export function textOf(node: OnnxNode, name: string): string | undefined {
  const value = node.attributes.get(name);
  if (value === undefined || typeof value === "string") return value;
  throw wrongType(node, name, "text");
}

export function numbersOf(node: OnnxNode, name: string): readonly number[] | undefined {
  const value = node.attributes.get(name);
  if (value === undefined || isList(value, "number")) return value as readonly number[] | undefined;
  throw wrongType(node, name, "list of numbers");
}

export function textsOf(node: OnnxNode, name: string): readonly string[] | undefined {
  const value = node.attributes.get(name);
  if (value === undefined || isList(value, "string")) return value as readonly string[] | undefined;
  throw wrongType(node, name, "list of texts");
}

export function tensorOf(node: OnnxNode, name: string): OnnxTensor | undefined {
  const value = node.attributes.get(name);
  if (value === undefined) return undefined;
  if (typeof value === "object" && "dims" in value) return value;
  throw wrongType(node, name, "tensor");
}

function isList(value: AttributeValue, type: "number" | "string"): boolean {
  return Array.isArray(value) && (value as unknown[]).every((one) => typeof one === type);
}

function wrongType(node: OnnxNode, name: string, expected: string) {
  return brokenFile(`${nodeTitle(node)}: ${name} is no ${expected}`);
}
