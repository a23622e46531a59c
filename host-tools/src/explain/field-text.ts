// The explanation of members of the policy file as text for a terminal.

import type { paint as Paint } from "../lib/talk";
import type { FieldExplanation } from "./field-explanation";

/** One explanation in full, several as a list of paths. */
export function fieldText(fields: readonly FieldExplanation[], paint: typeof Paint): string {
  const [first, ...others] = fields;
  if (first === undefined) return "";
  if (others.length === 0) return `${fullText(first, paint).join("\n")}\n`;
  const width = Math.max(...fields.map(({ path }) => path.length));
  const lines = fields.map(
    ({ path, help }) => `${paint.strong(path)}${" ".repeat(width - path.length)}  ${help}`,
  );
  return `${lines.join("\n")}\n`;
}

function fullText(field: FieldExplanation, paint: typeof Paint): string[] {
  const facts: [string, string | undefined][] = [
    ["value", field.value],
    ["default", field.default],
    ["needs", field.istio],
    ["example", field.example],
  ];
  const isRoot = field.path === "";
  return [
    paint.strong(isRoot ? "ganglion.yaml" : field.path),
    "",
    `  ${field.help}`,
    "",
    ...(isRoot
      ? []
      : facts.flatMap(([name, fact]) =>
          fact === undefined ? [] : [`  ${paint.dim(name.padEnd(8))} ${fact}`],
        )),
    ...memberLines(field, paint),
  ];
}

function memberLines({ path, members }: FieldExplanation, paint: typeof Paint): string[] {
  if (members.length === 0) return [];
  const width = Math.max(...members.map(({ key }) => key.length));
  const lines = members.flatMap((member) => [
    `  ${paint.strong(member.key.padEnd(width))}  ${member.help}`,
    `  ${" ".repeat(width)}  ${paint.dim(`${member.value}; ${defaultOf(member.default)}`)}`,
  ]);
  return path === "" ? lines : ["", ...lines];
}

function defaultOf(words: string): string {
  return words === "required" ? words : `default: ${words}`;
}
