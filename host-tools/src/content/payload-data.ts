// Reads the HttpParams data: payloads as they are found in parameters of requests, labelled healthy
// or attack. A payload is put into a target the way a browser would, so that it reaches the scorer
// as it would in a proxy.

import { ExitCode, GanglionError } from "../lib/errors";
import type { LabelledTarget } from "./build-content";

const COLUMNS = ["payload", "length", "attack_type", "label"] as const;

export interface Payload extends LabelledTarget {
  readonly payload: string;
  /** `norm` or the kind of attack. */
  readonly kind: string;
}

/**
 * @param text a file of the set: CSV with the header payload, length, attack_type, label
 * @param file its name, for messages
 * @throws GanglionError E_CONTENT_DATA with the line that cannot be read
 */
export function readPayloads(text: string, file: string): Payload[] {
  const [header, ...rows] = csvRows(text);
  if (header?.join() !== COLUMNS.join()) {
    throw badFile(file, 1, `the columns are ${header?.join() ?? "missing"}`);
  }
  return rows.map((row, i) => {
    const [payload, , kind, label] = row;
    if (row.length !== COLUMNS.length || (label !== "norm" && label !== "anom")) {
      throw badFile(file, i + 2, `not a row of ${COLUMNS.join()}`);
    }
    return { payload: payload!, kind: kind!, attack: label === "anom", target: targetOf(payload!) };
  });
}

function badFile(file: string, row: number, what: string): GanglionError {
  return new GanglionError("E_CONTENT_DATA", `${file}, row ${row}: ${what}`, {
    hint: `Give a CSV file with the columns ${COLUMNS.join()}.`,
    exitCode: ExitCode.badInput,
  });
}

/** A search for the payload: everything but letters, digits and -._~ percent-encoded. */
export function targetOf(payload: string): Uint8Array {
  const bytes = Buffer.from(payload, "utf8");
  let text = "/?q=";
  for (const byte of bytes) {
    const letter = String.fromCharCode(byte);
    if (/[A-Za-z0-9._~-]/.test(letter)) text += letter;
    else text += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return Buffer.from(text, "latin1");
}

/** Rows of a CSV file by RFC 4180: quoted fields may hold commas, line ends and doubled quotes. */
function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const field = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|$)/y;
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (found === null) return [];
    const [, value = "", end] = found;
    row.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
