// Seeded random numbers for the specs, independent of the filter's own generator: a linear
// congruential generator of 64 bits (Knuth's MMIX constants), its upper half used.

let state: u64 = 1;

export function seedStream(seed: u64): void {
  state = seed * 0x9e3779b97f4a7c15 + 1;
  for (let i = 0; i < 4; i++) nextBits();
}

/** 32 random bits. */
export function nextBits(): u32 {
  state = state * 6364136223846793005 + 1442695040888963407;
  return <u32>(state >> 32);
}

/** Uniform in [0, 1). */
export function nextUniform(): f64 {
  return <f64>nextBits() / 4294967296.0;
}

/** Uniform in [0, bound). */
export function nextBelow(bound: u32): u32 {
  return nextBits() % bound;
}

/** Standard normal (Box-Muller). */
export function nextNormal(): f64 {
  const radius = Math.sqrt(-2 * Math.log(1 - nextUniform()));
  return radius * Math.cos(2 * Math.PI * nextUniform());
}
