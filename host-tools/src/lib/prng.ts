// Seeded randomness for everything that must replay: traffic, faults, training, tests. Math.random
// cannot be seeded. sfc32 (Doty-Humphrey, PractRand) passes BigCrush and costs four adds a draw.

export interface Prng {
  /** Next unsigned 32-bit integer. */
  u32(): number;
  /** Uniform in [0, 1), 32 bits of resolution. */
  uniform(): number;
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
  /** Exponential with the given mean. */
  exponential(mean: number): number;
  /** Standard normal (Box-Muller, one value a call). */
  normal(): number;
  /** An independent generator; the same label from the same seed gives the same stream. */
  fork(label: string): Prng;
}

class Sfc32 implements Prng {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(
    private readonly seed: number,
    private readonly stream: number,
  ) {
    this.a = seed | 0;
    this.b = stream | 0;
    this.c = 0x9e3779b9 | 0;
    for (let i = 0; i < 12; i++) this.u32();
  }

  u32(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    this.c |= 0;
    return sum >>> 0;
  }

  uniform(): number {
    return this.u32() / 4294967296;
  }

  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform());
  }

  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  fork(label: string): Prng {
    return new Sfc32(this.seed, fnv1a(label, this.stream));
  }
}

function fnv1a(text: string, basis: number): number {
  let hash = 0x811c9dc5 ^ basis;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash | 0;
}

/** @param seed any 32-bit integer; the same seed gives the same draws on every machine */
export function seededPrng(seed: number): Prng {
  return new Sfc32(seed, 0);
}
