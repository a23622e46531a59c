// The model file: where each byte stands. Written by the host tool's quantiser, mapped (never parsed)
// by the filter.
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

/** First four bytes, "GNGL" read as a little-endian 32-bit number. */
export const ARTIFACT_MAGIC: u32 = 0x4c474e47;
