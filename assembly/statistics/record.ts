// Evidence counts as news only while it is a record: above all of about the last 96 values. A long anomaly
// is then one alarm at its beginning, and another where it becomes worse. The last values are kept as 16
// maxima of 6 each, so the memory is of 91 to 96 values.

const BLOCKS: i32 = 16;
const PER_BLOCK: i32 = 6;

/** Maxima of one stream; all zero before the first value. */
// @ts-ignore: decorator
@unmanaged
@final
export class Record {
  /** Block that is being filled, in [0, BLOCKS). */
  block: i32;
  /** Values in it; the maxima, u16 x BLOCKS, follow. */
  filled: i32;
}

/** Bytes of one stream's records. */
export const RECORD_BYTES: usize = offsetof<Record>() + <usize>BLOCKS * 2;

/**
 * Takes a value.
 *
 * @param evidenceQ8 in [0, 65535]
 * @returns the same if it is above all that are remembered, else 0
 */
export function stepRecord(state: Record, evidenceQ8: i32): i32 {
  const maxima = changetype<usize>(state) + offsetof<Record>();
  let highest = 0;
  for (let i = 0; i < BLOCKS; i++) highest = max(highest, load<u16>(maxima + ((<usize>i) << 1)));
  if (state.filled >= PER_BLOCK) {
    state.block = (state.block + 1) & (BLOCKS - 1);
    state.filled = 0;
    store<u16>(maxima + ((<usize>state.block) << 1), 0);
  }
  const place = maxima + ((<usize>state.block) << 1);
  store<u16>(place, <u16>max(<i32>load<u16>(place), evidenceQ8));
  state.filled++;
  return evidenceQ8 > highest ? evidenceQ8 : 0;
}
