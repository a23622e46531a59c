// Flow collections on one line: `[a, b]`, `{ a: 1, "b": [c] }`.

import { doubleQuoted, NOT_PLAIN, plainScalar, singleQuoted } from "./quick-scalar";

/** The value of a text that is one flow collection and nothing else. */
export function flowValue(text: string): unknown {
  const reader = new FlowReader(text);
  const value = reader.value();
  return reader.atEnd() ? value : refuse();
}

function refuse(): never {
  throw NOT_PLAIN;
}

class FlowReader {
  private at = 0;

  constructor(private readonly text: string) {}

  atEnd(): boolean {
    return this.at === this.text.length;
  }

  value(): unknown {
    switch (this.text[this.at]) {
      case "[":
        return this.list();
      case "{":
        return this.map();
      case '"':
        return doubleQuoted(this.quoted(/"(?:[^"\\]|\\.)*"/y));
      case "'":
        return singleQuoted(this.quoted(/'(?:[^']|'')*'/y));
      default:
        return plainScalar(this.plain());
    }
  }

  private list(): unknown[] {
    const list: unknown[] = [];
    for (this.at++, this.space(); this.text[this.at] !== "]"; this.separator("]")) {
      list.push(this.value());
    }
    this.at++;
    return list;
  }

  private map(): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (this.at++, this.space(); this.text[this.at] !== "}"; this.separator("}")) {
      const key = this.key();
      if (this.text[this.at] !== ":" || this.text[this.at + 1] !== " ") return refuse();
      this.at++;
      this.space();
      if (Object.hasOwn(map, key) || key === "" || key === "__proto__") return refuse();
      map[key] = this.value();
    }
    this.at++;
    return map;
  }

  private key(): string {
    const quote = this.text[this.at];
    if (quote === '"') return doubleQuoted(this.quoted(/"(?:[^"\\]|\\.)*"/y));
    if (quote === "'") return singleQuoted(this.quoted(/'(?:[^']|'')*'/y));
    const key = this.match(/[A-Za-z_$][A-Za-z0-9_$./-]*/y);
    return typeof plainScalar(key) === "string" ? key : refuse();
  }

  /** A comma and another value, or the end of the collection. */
  private separator(close: string): void {
    this.space();
    if (this.text[this.at] === close) return;
    if (this.text[this.at] !== ",") return refuse();
    this.at++;
    this.space();
  }

  private space(): void {
    while (this.text[this.at] === " ") this.at++;
  }

  private quoted(pattern: RegExp): string {
    const text = this.match(pattern);
    // `"a":b` and the like are for the whole parser.
    const next = this.text[this.at];
    return next === undefined || /[ ,\]}:]/.test(next) ? text : refuse();
  }

  private plain(): string {
    const text = this.match(/[^,[\]{}"'#]+/y).trimEnd();
    const next = this.text[this.at];
    if (next !== "," && next !== "]" && next !== "}") return refuse();
    return /:($|\s)/.test(text) ? refuse() : text;
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined || found === "") return refuse();
    this.at += found.length;
    return found;
  }
}
