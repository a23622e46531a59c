// The filter's own random numbers: exploration and tie-breaking need some on each request, and asking
// the host for them costs most of a microsecond. xorshift64* (Vigna 2016), seeded once from the host.

let state: u64 = 0x9e3779b97f4a7c15;

/** @param seed any number; 0 keeps the default */
export function seedRandom(seed: u64): void {
  if (seed != 0) state = seed;
}

/** Uniform 32-bit number. */
export function randomU32(): u32 {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return <u32>((state * 0x2545f4914f6cdd1d) >> 32);
}

/** Uniform in [0, 1) with 24 bits. */
export function randomUnit(): f32 {
  return <f32>(randomU32() >> 8) * <f32>5.9604645e-8;
}

/** Uniform in [0, bound) for a small bound > 0. */
export function randomBelow(bound: i32): i32 {
  return <i32>((<u64>randomU32() * <u64>bound) >> 32);
}
