// The attention of a training step in plain TypeScript, from the rules at the head of
// assembly/training/band-attention.ts: judge of the module, and, in an arithmetic that does not round
// to f32, of the gradient itself.

/** How the numbers are rounded, and what e^x is. */
export interface Arithmetic {
  round(value: number): number;
  exponential(x: number): number;
}

/** Where a head of a row stands. */
export interface AttentionShape {
  readonly steps: number;
  readonly windows: number;
  readonly hidden: number;
  readonly heads: number;
  readonly ring: number;
}

/** One row and head, in the units of the arrays. */
interface Place {
  readonly ages: number;
  readonly query: number;
  readonly key: number;
  readonly value: number;
  readonly out: number;
  readonly shares: number;
  readonly biases: number;
}

/** Every row and head, in the order in which sums are made. */
function* places({ steps, windows, hidden, heads, ring }: AttentionShape): Generator<Place> {
  const width = hidden / heads;
  for (let row = 0; row < steps * windows; row++) {
    const ages = Math.min(Math.floor(row / windows) + 1, ring);
    for (let head = 0; head < heads; head++) {
      const query = row * 3 * hidden + head * width;
      yield {
        ages,
        query,
        key: query + hidden,
        value: query + 2 * hidden,
        out: row * hidden + head * width,
        shares: (row * heads + head) * ring,
        biases: head * ring,
      };
    }
  }
}

/** By four lanes, then (0 + 1) + (2 + 3). */
function dot(
  { round }: Arithmetic,
  a: Float32Array,
  at: number,
  b: Float32Array,
  bt: number,
  width: number,
): number {
  const lanes = [0, 0, 0, 0];
  for (let i = 0; i < width; i++) {
    lanes[i % 4] = round(lanes[i % 4]! + round(a[at + i]! * b[bt + i]!));
  }
  return round(round(lanes[0]! + lanes[1]!) + round(lanes[2]! + lanes[3]!));
}

export function attentionForward(
  arithmetic: Arithmetic,
  out: Float32Array,
  attended: Float32Array,
  bias: Float32Array,
  shares: Float32Array,
  shape: AttentionShape,
): void {
  const { round, exponential } = arithmetic;
  const { windows, hidden, heads, ring } = shape;
  const width = hidden / heads;
  const root = round(1 / round(Math.sqrt(width)));
  for (const place of places(shape)) {
    const scores = Array.from({ length: place.ages }, (_, age) => {
      const key = place.key - age * windows * 3 * hidden;
      const product = dot(arithmetic, attended, place.query, attended, key, width);
      return round(round(product * root) + bias[place.biases + age]!);
    });
    const largest = Math.max(...scores);
    const weights = scores.map((score) => exponential(round(score - largest)));
    const sum = weights.reduce((total, weight) => round(total + weight), 0);
    shares.fill(0, place.shares, place.shares + ring);
    weights.forEach((weight, age) => (shares[place.shares + age] = round(weight / sum)));
    for (let i = 0; i < width; i++) {
      let total = 0;
      for (let age = 0; age < place.ages; age++) {
        const value = attended[place.value - age * windows * 3 * hidden + i]!;
        total = round(total + round(shares[place.shares + age]! * value));
      }
      out[place.out + i] = total;
    }
  }
}

export function attentionBackward(
  arithmetic: Arithmetic,
  dAttended: Float32Array,
  dBias: Float32Array,
  dOut: Float32Array,
  attended: Float32Array,
  shares: Float32Array,
  shape: AttentionShape,
): void {
  const { round } = arithmetic;
  const { windows, hidden, heads } = shape;
  const width = hidden / heads;
  const root = round(1 / round(Math.sqrt(width)));
  dAttended.fill(0);
  const add = (to: number, factor: number, from: Float32Array, at: number) => {
    for (let i = 0; i < width; i++) {
      dAttended[to + i] = round(dAttended[to + i]! + round(factor * from[at + i]!));
    }
  };
  for (const place of places(shape)) {
    const before = (age: number) => age * windows * 3 * hidden;
    let mean = 0;
    const dShares = Array.from({ length: place.ages }, (_, age) => {
      const share = shares[place.shares + age]!;
      const value = place.value - before(age);
      const d = dot(arithmetic, dOut, place.out, attended, value, width);
      add(value, share, dOut, place.out);
      mean = round(mean + round(share * d));
      return d;
    });
    dShares.forEach((dShare, age) => {
      const d = round(shares[place.shares + age]! * round(dShare - mean));
      dBias[place.biases + age] = round(dBias[place.biases + age]! + d);
      const key = place.key - before(age);
      add(place.query, round(d * root), attended, key);
      add(key, round(d * root), attended, place.query);
    });
  }
}
