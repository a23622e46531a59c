// A stream of YAML as its documents, each with its place in the text.

export interface TextDocument {
  readonly text: string;
  readonly offset: number;
}

/** A line that separates documents: in YAML it does so wherever it stands. */
const SEPARATOR = /^---[ ]*(?:#[^\n]*)?\r?$/;

/** Texts between lines of `---`; a text that uses anything else of streams is one document. */
export function documentsOf(text: string): TextDocument[] {
  const documents: TextDocument[] = [];
  let from = 0;
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline + 1;
    if (text.startsWith("---", at) && SEPARATOR.test(text.slice(at, newline < 0 ? end : newline))) {
      documents.push({ text: text.slice(from, at), offset: from });
      from = end;
    }
    at = end;
  }
  documents.push({ text: text.slice(from), offset: from });
  return documents;
}
