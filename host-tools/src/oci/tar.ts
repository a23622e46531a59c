// A tar archive of exactly one file, written; and one file found in an archive of somebody else's,
// in memory. The general libraries also extract, and extraction is where their vulnerabilities
// were; here nothing is ever unpacked to a path. Everything a digest must not depend on (owner,
// clock, umask, host) is a constant.
//
//   ustar: 512-byte header | content padded with zeros to 512 | two zero blocks

import { GanglionError } from "../lib/errors";

const BLOCK_BYTES = 512;
const NAME_LENGTH_BYTES = 100;
const SIZE_OFFSET = 124;
const SIZE_LENGTH_BYTES = 12;
const KIND_OFFSET = 156;
const CHECKSUM_OFFSET = 148;
const CHECKSUM_LENGTH_BYTES = 8;
// Eleven octal digits; a larger file needs an extension that not every reader knows.
const CONTENT_MAX_BYTES = 0o77777777777;
const FILE_NAME_PATTERN = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;

/**
 * The archive of one regular file, mode 0644, owner 0:0, modified at the epoch.
 *
 * @param fileName a plain name of 1 to 100 characters: no folder, no leading dot
 * @throws GanglionError E_TAR_NAME, E_TAR_SIZE
 */
export function tarOfFile(fileName: string, content: Uint8Array): Uint8Array {
  if (!FILE_NAME_PATTERN.test(fileName)) {
    throw new GanglionError(
      "E_TAR_NAME",
      `tar entry ${JSON.stringify(fileName)} is not a plain file name`,
      { hint: "Use 1 to 100 of A-Z a-z 0-9 . _ - and neither a folder nor a leading dot." },
    );
  }
  if (content.length > CONTENT_MAX_BYTES) {
    throw new GanglionError(
      "E_TAR_SIZE",
      `tar entry ${fileName} has ${content.length} bytes, the format ends at ${CONTENT_MAX_BYTES}`,
    );
  }
  const paddedBytes = Math.ceil(content.length / BLOCK_BYTES) * BLOCK_BYTES;
  const archive = new Uint8Array(BLOCK_BYTES + paddedBytes + 2 * BLOCK_BYTES);
  archive.set(header(fileName, content.length));
  archive.set(content, BLOCK_BYTES);
  return archive;
}

/** The offset in the archive after the last byte of a file of that size. */
export function tarContentEnd(contentBytes: number): number {
  return BLOCK_BYTES + contentBytes;
}

/**
 * The content of a regular file in an archive, by its base name.
 *
 * @returns undefined where there is none, or where the archive ends before its end
 */
export function fileOfTar(archive: Uint8Array, fileName: string): Uint8Array | undefined {
  const text = (from: number, length: number): string =>
    Buffer.from(archive.subarray(from, from + length))
      .toString("latin1")
      .split("\0", 1)[0] as string;
  for (let at = 0; at + BLOCK_BYTES <= archive.length;) {
    const name = text(at, NAME_LENGTH_BYTES);
    const sizeText = text(at + SIZE_OFFSET, SIZE_LENGTH_BYTES).trim();
    if (name === "" || !/^[0-7]{1,11}$/.test(sizeText)) return undefined;
    const from = at + BLOCK_BYTES;
    const end = from + Number.parseInt(sizeText, 8);
    if (end > archive.length) return undefined;
    const kind = text(at + KIND_OFFSET, 1);
    if ((kind === "0" || kind === "") && name.split("/").at(-1) === fileName) {
      return archive.subarray(from, end);
    }
    at = from + Math.ceil((end - from) / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return undefined;
}

function header(fileName: string, sizeBytes: number): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  const put = (offset: number, text: string) => block.set(Buffer.from(text, "latin1"), offset);
  put(0, fileName);
  put(100, octal(0o644, 7)); // mode
  put(108, octal(0, 7)); // uid
  put(116, octal(0, 7)); // gid
  put(124, octal(sizeBytes, 11));
  put(136, octal(0, 11)); // mtime
  put(156, "0"); // type: regular file
  put(257, "ustar\0" + "00");
  put(329, octal(0, 7)); // device major
  put(337, octal(0, 7)); // device minor
  // The checksum is taken with its own field full of spaces.
  block.fill(0x20, CHECKSUM_OFFSET, CHECKSUM_OFFSET + CHECKSUM_LENGTH_BYTES);
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  put(CHECKSUM_OFFSET, `${checksum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

function octal(value: number, digits: number): string {
  return `${value.toString(8).padStart(digits, "0")}\0`;
}
