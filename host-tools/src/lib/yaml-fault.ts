// What is wrong with a YAML text, in words for who wrote it: the parser's own speak of its functions.

import type { YAMLError } from "yaml";

/** One line, without place: `key mode stands twice in one mapping`. */
export function yamlFault(error: YAMLError, text: string): string {
  switch (error.code) {
    case "DUPLICATE_KEY":
      return `key ${keyAt(text, error.pos[0])} stands twice in one mapping`;
    case "MULTIPLE_DOCS":
      return "a second document begins here; one file holds one";
    case "RESOURCE_EXHAUSTION":
      return "is nested too deeply to be read";
    default:
      return error.message.split("\n")[0] ?? error.message;
  }
}

/** The faults worth telling: after the one of a text that is nested too deeply, the rest is echo. */
export function tellingFaults(errors: readonly YAMLError[]): readonly YAMLError[] {
  const deepest = errors.find(({ code }) => code === "RESOURCE_EXHAUSTION");
  return deepest === undefined ? errors : [deepest];
}

function keyAt(text: string, offset: number): string {
  return /^[^\s:,}]{1,100}/.exec(text.slice(offset, offset + 100))?.[0] ?? "";
}
