// One text that is verified, and where in it an offset lies. Lines and columns are from 1, as editors
// and SARIF count them.

export interface Position {
  readonly line: number;
  readonly column: number;
}

export class SourceFile {
  /** Offset of the first character of each line. */
  private readonly starts: number[] = [0];
  /** What new lines are written with. */
  readonly newline: "\n" | "\r\n";

  /**
   * @param name as messages and patches call it; with slashes, relative where it can be
   * @param text the whole text, every byte of it
   */
  constructor(
    readonly name: string,
    readonly text: string,
  ) {
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
      this.starts.push(at + 1);
    }
    this.newline = text.includes("\r\n") ? "\r\n" : "\n";
  }

  /** How many lines there are; a text that ends with a newline has an empty last one. */
  get lines(): number {
    return this.starts.length;
  }

  positionOf(offset: number): Position {
    const line = this.lineIndex(offset);
    return { line: line + 1, column: offset - (this.starts[line] ?? 0) + 1 };
  }

  /** A line without its end; empty beyond the last. */
  line(number: number): string {
    const from = this.starts[number - 1];
    if (from === undefined) return "";
    const to = this.starts[number] ?? this.text.length + 1;
    return this.text.slice(from, to - 1).replace(/\r$/, "");
  }

  lineStart(offset: number): number {
    return this.starts[this.lineIndex(offset)] ?? 0;
  }

  /** Offset right behind the line's end, or the end of the text. */
  lineEnd(offset: number): number {
    return this.starts[this.lineIndex(offset) + 1] ?? this.text.length;
  }

  private lineIndex(offset: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
