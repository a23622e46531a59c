// What the one-class table is trained against: healthy fields spoilt at random. To tell data from
// noise is to learn the data's density up to a constant (noise-contrastive estimation: Gutmann and
// Hyvarinen 2010), and spoilt copies are better noise than random bytes, which nobody needs a model
// to tell from a name. No attack is used.

import type { Prng } from "../lib/prng";

/** Printable ASCII mostly, any byte one time in ten. */
function strayByte(random: Prng): number {
  return random.below(10) === 0 ? random.below(256) : 32 + random.below(95);
}

/** Letters small and digits 0, as the rule of the text wants it. */
function folded(byte: number): number {
  if (byte >= 65 && byte <= 90) return byte + 32;
  return byte >= 48 && byte <= 57 ? 48 : byte;
}

/**
 * A spoilt copy of a field: either some of its bytes replaced and perhaps a stray end, or stray
 * bytes strewn between its own.
 * @param text normalised bytes
 */
export function corrupt(text: readonly number[], random: Prng): number[] {
  const stray = () => folded(strayByte(random));
  if (random.below(2) === 0) {
    const rate = 0.1 + 0.6 * random.uniform();
    const spoilt = text.map((byte) => (random.uniform() < rate ? stray() : byte));
    const more = random.below(2) === 0 ? random.below(20) : 0;
    for (let i = 0; i < more; i++) spoilt.push(stray());
    return spoilt;
  }
  const rate = 0.05 + 0.4 * random.uniform();
  const spoilt = text.flatMap((byte) => (random.uniform() < rate ? [byte, stray()] : [byte]));
  spoilt.push(stray());
  return spoilt;
}
