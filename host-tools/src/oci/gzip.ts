// gzip framing whose bytes depend on the input alone. `zlib.gzipSync` is not that: Node's own zlib,
// the system zlib that distributions link instead, and its per-processor paths each find other
// matches, so the same commit would get another digest on another machine, and a pinned digest
// would not rebuild (300,000 bytes of JavaScript at level 9: 59,387 bytes by Node's zlib, 59,075
// and a frame by zlib 1.2.13). Stored blocks have one encoding. What it costs is the compression of
// a module well under 100 KiB that each proxy fetches once; Istio's other image form carries the
// module uncompressed anyway.
//
//   RFC 1952 member: 10-byte header | RFC 1951 stored blocks of 65,535 bytes | CRC-32 | length

import { crc32 } from "node:zlib";

// prettier-ignore
const HEADER = [
  0x1f, 0x8b, // magic
  8, // deflate
  0, // no flags: no name, no comment
  0, 0, 0, 0, // no time
  0, // no hint on the level
  255, // system unknown: the usual value names the machine it was packed on
];
const STORED_BLOCK_MAX_BYTES = 0xffff;
const BLOCK_HEADER_BYTES = 5;
const TRAILER_BYTES = 8;

/**
 * The parts as one gzip stream, one member each, which every reader joins. A reader checks a
 * member's CRC-32 before it hands out the first byte of the next one.
 */
export function gzipStored(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts.map(memberOf));
}

function memberOf(content: Uint8Array): Uint8Array {
  const blocks = Math.max(1, Math.ceil(content.length / STORED_BLOCK_MAX_BYTES));
  const out = new Uint8Array(
    HEADER.length + blocks * BLOCK_HEADER_BYTES + content.length + TRAILER_BYTES,
  );
  const view = new DataView(out.buffer);
  out.set(HEADER);
  let at = HEADER.length;
  for (let block = 0; block < blocks; block++) {
    const start = block * STORED_BLOCK_MAX_BYTES;
    const chunk = content.subarray(start, start + STORED_BLOCK_MAX_BYTES);
    view.setUint8(at, block === blocks - 1 ? 1 : 0);
    view.setUint16(at + 1, chunk.length, true);
    view.setUint16(at + 3, chunk.length ^ 0xffff, true);
    out.set(chunk, at + BLOCK_HEADER_BYTES);
    at += BLOCK_HEADER_BYTES + chunk.length;
  }
  view.setUint32(at, crc32(content), true);
  view.setUint32(at + 4, content.length >>> 0, true);
  return out;
}
