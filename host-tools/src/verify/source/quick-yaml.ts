// The values of one YAML document, where it is written in the plain way that nearly all of Kubernetes'
// objects are: block maps and lists, scalars on one line, literal blocks, flow collections on one line.
// Of anything else (anchors, tags, folded text, odd indentation, repeated keys, whatever is or may be
// wrong) it says NOT_PLAIN, and the whole parser takes over. It is here for its speed alone: the same
// value in a tenth of the time, which a test holds against the whole parser.

import { flowValue } from "./quick-flow";
import { doubleQuoted, NOT_PLAIN, plainScalar, singleQuoted, withoutComment } from "./quick-scalar";

export { NOT_PLAIN } from "./quick-scalar";

interface Line {
  indent: number;
  /** Without indentation. */
  content: string;
  /** Line of the text. */
  readonly at: number;
}

/** A key with its colon, and what follows on the line. */
const KEY = /^([A-Za-z0-9_$./-]+|"[^"\\]*"|'[^']*'):(?:[ ]+(.*))?$/;
/** Tabs, carriage returns, control characters, and what JavaScript takes for a space and YAML does not. */
const UNUSUAL =
  /[^\n\x20-\x7e\u00a1-\u167f\u1681-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\u2fff\u3001-\ud7ff]/;
const NUMBER = /^[-+.]?[0-9]/;
const EMPTY_KEYS = new Set([
  "null",
  "Null",
  "NULL",
  "true",
  "True",
  "TRUE",
  "false",
  "False",
  "FALSE",
]);

/** @returns the document's value; null for an empty one; NOT_PLAIN for what it does not read */
export function quickValue(text: string): unknown {
  if (UNUSUAL.test(text)) return NOT_PLAIN;
  const reader = new QuickReader(text);
  try {
    return reader.document();
  } catch (error) {
    if (error === NOT_PLAIN) return NOT_PLAIN;
    throw error;
  }
}

function refuse(): never {
  throw NOT_PLAIN;
}

class QuickReader {
  private readonly raw: string[];
  /** Lines with content; comments and blank ones are left out. */
  private readonly lines: Line[] = [];
  private next = 0;

  constructor(text: string) {
    this.raw = text.split("\n");
    for (const [at, line] of this.raw.entries()) {
      const content = line.trimStart();
      if (content === "" || content.startsWith("#")) continue;
      this.lines.push({ indent: line.length - content.length, content: content.trimEnd(), at });
    }
  }

  document(): unknown {
    const first = this.lines[0];
    if (first === undefined) return null;
    const value = this.block(first.indent);
    return this.next < this.lines.length ? refuse() : value;
  }

  /** A map or list whose first line is the next one. */
  private block(indent: number): unknown {
    const line = this.lines[this.next];
    if (line === undefined || line.indent !== indent) return refuse();
    return isItem(line.content) ? this.list(indent) : this.map(indent);
  }

  private map(indent: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (;;) {
      const line = this.lines[this.next];
      if (line === undefined || line.indent < indent) return map;
      if (line.indent > indent) return refuse();
      // A list at the map's own indentation belongs to a map further up, if to any.
      if (isItem(line.content)) return map;
      const match = KEY.exec(line.content);
      if (match === null) return refuse();
      const key = keyOf(match[1] ?? "");
      if (Object.hasOwn(map, key)) return refuse();
      this.next++;
      map[key] = this.value(withoutComment(match[2] ?? ""), line, indent, true);
    }
  }

  private list(indent: number): unknown[] {
    const list: unknown[] = [];
    for (;;) {
      const line = this.lines[this.next];
      if (line === undefined || line.indent < indent) return list;
      if (line.indent > indent) return refuse();
      if (!isItem(line.content)) return list;
      const rest = line.content.slice(1).trimStart();
      if (rest.startsWith("#")) return refuse();
      if (rest === "" || !(isItem(rest) || KEY.test(rest))) {
        this.next++;
        list.push(this.value(withoutComment(rest), line, indent, false));
        continue;
      }
      // A collection that begins on the item's own line: its indentation is where it begins.
      line.indent += line.content.length - rest.length;
      line.content = rest;
      list.push(this.block(line.indent));
    }
  }

  /** What stands behind a key or a dash; the next line is the one after. */
  private value(text: string, line: Line, indent: number, inMap: boolean): unknown {
    if (text === "") return this.below(indent, inMap);
    const mark = text[0] ?? "";
    if (mark === "|") return this.literal(text, line, indent);
    // A scalar that goes on in the next lines.
    const after = this.lines[this.next];
    if (after !== undefined && after.indent > indent) return refuse();
    if (mark === '"') return doubleQuoted(text);
    if (mark === "'") return singleQuoted(text);
    if (mark === "[" || mark === "{") return flowValue(text);
    return plainScalar(text);
  }

  private below(indent: number, inMap: boolean): unknown {
    const line = this.lines[this.next];
    if (line === undefined) return null;
    if (line.indent > indent) return this.block(line.indent);
    return inMap && line.indent === indent && isItem(line.content) ? this.list(indent) : null;
  }

  /** `|`, `|-` or `|+`: the lines below as they are, without their common indentation. */
  private literal(text: string, line: Line, indent: number): string {
    if (!/^\|[-+]?$/.test(text)) return refuse();
    let end = line.at + 1;
    let width = -1;
    for (; end < this.raw.length; end++) {
      const one = this.raw[end] ?? "";
      const own = one.length - one.trimStart().length;
      if (one.trim() === "") {
        // Blank lines in front of the text, wider than it, are an error.
        if (width < 0 && one !== "") return refuse();
      } else if (width < 0) {
        if (own <= indent) break;
        width = own;
      } else if (own < width) break;
    }
    const lines = this.raw.slice(line.at + 1, end).map((one) => one.slice(Math.max(width, 0)));
    if (width < 0 || end === this.raw.length) return refuse();
    while (this.lines[this.next] !== undefined && (this.lines[this.next]?.at ?? 0) < end)
      this.next++;
    const body = lines.join("\n").replace(/\n*$/, "");
    if (text === "|-") return body;
    return text === "|" ? `${body}\n` : `${lines.join("\n")}\n`;
  }
}

function isItem(content: string): boolean {
  return content === "-" || content.startsWith("- ");
}

function keyOf(text: string): string {
  const quoted = text.startsWith('"') || text.startsWith("'");
  const key = quoted ? text.slice(1, -1) : text;
  if (key === "" || key === "__proto__") return refuse();
  // Numbers become other texts as keys: 1.0 is "1".
  if (!quoted && (EMPTY_KEYS.has(key) || key === "-" || key === ".")) return refuse();
  return !quoted && NUMBER.test(key) && !/[A-Za-z/]/.test(key) ? refuse() : key;
}
