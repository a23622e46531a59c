// Scalars on one line, by YAML's core schema.

/** Thrown and returned: the text is not of the plain kind that is read here. */
export const NOT_PLAIN = Symbol("not plain");

function refuse(): never {
  throw NOT_PLAIN;
}

const SIMPLE_NUMBER = /^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?$/;
/** Whatever may be a number in some form. */
const NUMBERISH =
  /^[-+]?(\.?[0-9][0-9_]*\.?[0-9]*([eE][-+]?[0-9]+)?|0[ox][0-9a-fA-F]+|\.(inf|nan))$/i;
/** Characters that a plain scalar does not begin with, or not in every context. */
const INDICATORS = /^[-?:,[\]{}#&*!|>'"%@`]/;

/** The text up to a comment, without spaces at its end; not for text in quotes that holds " #". */
export function withoutComment(text: string): string {
  if (text.startsWith("#")) return "";
  if (!text.includes(" #")) return text.trimEnd();
  const quote = text[0];
  if (quote === '"' || quote === "'") {
    const close = text.lastIndexOf(quote);
    const at = text.indexOf(" #", close);
    // A quote within the comment: which one closes is for the whole parser.
    if (text.indexOf(quote, 1) !== close) return refuse();
    return (at < 0 ? text : text.slice(0, at)).trimEnd();
  }
  if ((quote === "[" || quote === "{") && /["']/.test(text)) return refuse();
  return text.slice(0, text.indexOf(" #")).trimEnd();
}

export function plainScalar(text: string): unknown {
  if (INDICATORS.test(text) && !/^-[^\s,[\]{}]/.test(text)) return refuse();
  if (text.includes(": ") || text.endsWith(":")) return refuse();
  switch (text) {
    case "null":
    case "Null":
    case "NULL":
    case "~":
      return null;
    case "true":
    case "True":
    case "TRUE":
      return true;
    case "false":
    case "False":
    case "FALSE":
      return false;
    default:
      if (SIMPLE_NUMBER.test(text)) return Number(text);
      return NUMBERISH.test(text) ? refuse() : text;
  }
}

/** `"..."` with the escapes that JSON has too. */
export function doubleQuoted(text: string): string {
  if (!/^"(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"$/.test(text)) return refuse();
  try {
    return JSON.parse(text) as string;
  } catch {
    return refuse();
  }
}

export function singleQuoted(text: string): string {
  return /^'(?:[^']|'')*'$/.test(text) ? text.slice(1, -1).replaceAll("''", "'") : refuse();
}
