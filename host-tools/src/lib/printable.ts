// What somebody else has written, as it may stand in a message of ours.

/** A stranger's text: cut, and stripped of what could steer a terminal. */
export function printable(text: string, charsMax: number): string {
  return text
    .replace(/[^\x20-\x7e]+/g, " ")
    .trim()
    .slice(0, charsMax);
}
