// The model file of the content scorer: where each byte stands. Mapped, never parsed, like the
// scorer's (artifact.ts); magic, format, kind, length, version and name stand at the same places,
// so that whoever lists artifacts need not know the kind.
//
//      0  header, 256 bytes
//         0 magic "GNGL"        4 format version       8 kind                12 entries T
//        16 total bytes        20 model version       24 rule of the text   28 knots, supervised
//        32 knots, one-class   36 self-test records   40 bias, supervised   44 bias, one-class
//        48 attack score       52 flags               56 training seed      60 training examples
//        64 zero               96 name, 32 bytes     128 zero up to 255
//    256  weights              { i8 supervised, i8 one-class }[T]
//         knots                { i32 score, i32 evidence }[16] supervised, then [16] one-class
//         self-test            { i32 bytes, i32 supervised, i32 one-class, i32 evidence,
//                                u8 target[112], zero after `bytes` }[S]
//
// All numbers are little-endian; T is a power of two. The pair of a table entry lies in one 16-bit
// word because both scores are wanted of every request and share their hashes.
//
// The rule of the text (CONTENT_RULE): of a target (path and query as the client wrote them) the
// first 384 and, of a longer one than 512, the last 128 bytes are looked at. Fields are the path's
// segments (each with its leading '/'), and after '?' the keys and values between '&' and the first
// '=' of a pair. Within a field %XX becomes its byte, '+' a space outside the path, A-Z their small
// letters and 0-9 the digit 0. Each byte c after b after a (0 before the field's first) reads three
// entries, hashed from (c), (b, c) and (a, b, c):
//   entry = (key * multiplier mod 2^32) >> (32 - log2 T)
//   key = c + 1,  b * 2^8 + c + 2^16,  a * 2^16 + b * 2^8 + c + 2^24
// A field of n bytes with the sum s of its entries' weights scores
//   16 s / sqrt(n + 4) + bias,   as trunc(s * 4096 / floor(sqrt((n + 4) * 2^16))) + bias
// and a target the largest of its fields. sqrt(n) stands between the sum, by which a long harmless
// value would look worse than a short attack, and the mean, by which an attack hides in a long
// value.
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

/** Layout after the common head. */
export const CONTENT_FORMAT: i32 = 2;
/** Value of the artifact's kind field. */
export const CONTENT_KIND: i32 = 2;
/** Number of the rule above; a table made by another rule is refused. */
export const CONTENT_RULE: i32 = 1;

export const CONTENT_HEADER_BYTES: i32 = 256;
export const CONTENT_AT_MAGIC: i32 = 0;
export const CONTENT_AT_FORMAT: i32 = 4;
export const CONTENT_AT_KIND: i32 = 8;
export const CONTENT_AT_ENTRIES: i32 = 12;
export const CONTENT_AT_TOTAL_BYTES: i32 = 16;
export const CONTENT_AT_MODEL_VERSION: i32 = 20;
export const CONTENT_AT_RULE: i32 = 24;
export const CONTENT_AT_SUPERVISED_KNOTS: i32 = 28;
export const CONTENT_AT_ONE_CLASS_KNOTS: i32 = 32;
export const CONTENT_AT_SELF_TESTS: i32 = 36;
export const CONTENT_AT_SUPERVISED_BIAS: i32 = 40;
export const CONTENT_AT_ONE_CLASS_BIAS: i32 = 44;
/** Supervised score at and above which a target is called an attack. */
export const CONTENT_AT_ATTACK_SCORE: i32 = 48;
export const CONTENT_AT_FLAGS: i32 = 52;
export const CONTENT_AT_TRAINING_SEED: i32 = 56;
export const CONTENT_AT_TRAINING_EXAMPLES: i32 = 60;
export const CONTENT_AT_RESERVED_LOW: i32 = 64;
export const CONTENT_AT_NAME: i32 = 96;
export const CONTENT_AT_RESERVED_HIGH: i32 = 128;

/** Flag: the supervised table was trained, so its score counts. */
export const CONTENT_HAS_SUPERVISED: i32 = 1;
/** Flag: the one-class table was trained, so its score counts. */
export const CONTENT_HAS_ONE_CLASS: i32 = 2;

export const CONTENT_ENTRIES_MIN: i32 = 512;
export const CONTENT_ENTRIES_MAX: i32 = 4096;
export const CONTENT_KNOTS_MIN: i32 = 2;
export const CONTENT_KNOTS_MAX: i32 = 16;
export const CONTENT_SELF_TESTS_MIN: i32 = 4;
export const CONTENT_SELF_TESTS_MAX: i32 = 16;
export const CONTENT_SELF_TEST_BYTES: i32 = 128;
/** Bytes of a self-test's target. */
export const CONTENT_SELF_TEST_TARGET_BYTES: i32 = 112;
/**
 * Largest absolute score or bias: three entries of 128 on each of 512 bytes, over sqrt(516), times
 * 16 are 138,487; biases and knots are held to the same order.
 */
export const CONTENT_SCORE_MAX: i32 = 1048576;

/** Bytes of a target that are looked at. */
export const CONTENT_BYTES_MAX: i32 = 512;
/** Of a longer target: so many of its beginning, the rest of its end. */
export const CONTENT_HEAD_BYTES: i32 = 384;
/** What either table alone has to show for the same evidence when both count: log10(2), Q8. */
export const CONTENT_TWO_TABLES_EVIDENCE: i32 = 77;

/** Multipliers of the three hashes, by length of the n-gram. */
export const CONTENT_HASH_1: u32 = 0x9e3779b1;
export const CONTENT_HASH_2: u32 = 0x85ebca6b;
export const CONTENT_HASH_3: u32 = 0xc2b2ae35;

/** @returns byte offset of the knots of the supervised score; the other's follow */
export function contentKnotsOffset(entries: i32): i32 {
  return CONTENT_HEADER_BYTES + 2 * entries;
}

/** @returns byte offset of the self-test records */
export function contentSelfTestOffset(entries: i32): i32 {
  return contentKnotsOffset(entries) + 2 * 8 * CONTENT_KNOTS_MAX;
}

/** @returns bytes of the whole artifact */
export function contentArtifactBytes(entries: i32, selfTests: i32): i32 {
  return contentSelfTestOffset(entries) + selfTests * CONTENT_SELF_TEST_BYTES;
}
