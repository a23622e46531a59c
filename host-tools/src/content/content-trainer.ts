// Trains one table of the content scorer: logistic regression on the hashed n-grams of fields, by
// stochastic gradient with a step per weight (AdaGrad: Duchi, Hazan, Singer 2011). Not counts of
// n-grams (naive Bayes): the n-grams of a field overlap, and counts would take each piece of
// evidence three times over. A target is called an attack for its worst field, so of an attack only
// that field is learnt (multiple-instance learning), of a healthy target every field.

import { sigmoid } from "../model/exact-math";
import type { Prng } from "../lib/prng";

/** One field as its entries, three a byte, of healthy text or not. */
export interface FieldExample {
  readonly entries: Uint16Array;
  readonly attack: boolean;
}

/** Fields of one target; of an attack's, only the worst is learnt. */
export interface TargetExample {
  readonly fields: readonly Uint16Array[];
  readonly attack: boolean;
}

/** A table before it is rounded: score = sum of weights / sqrt(bytes + 4) + bias. */
export interface FloatTable {
  readonly weights: Float64Array;
  readonly bias: number;
}

const EPOCHS = 6;
const STEP = 0.3;
/** Pull of a weight towards 0 at each touch: unique n-grams must not carry a verdict alone. */
const DECAY = 1e-5;
/** Squared gradients that a weight starts with, so that its first steps are finite. */
const START = 1e-2;

/** Logit of a field, 0 for an empty one. */
export function fieldLogit(table: FloatTable, entries: Uint16Array): number {
  let sum = 0;
  for (const entry of entries) sum += table.weights[entry]!;
  return sum / Math.sqrt(entries.length / 3 + 4) + table.bias;
}

/** Largest logit of a target's fields. */
export function targetLogit(table: FloatTable, fields: readonly Uint16Array[]): number {
  return fields.reduce((most, field) => Math.max(most, fieldLogit(table, field)), -Infinity);
}

class Learner implements FloatTable {
  readonly weights: Float64Array;
  bias = 0;
  private readonly squares: Float64Array;
  private biasSquare = START;

  constructor(entries: number) {
    this.weights = new Float64Array(entries);
    this.squares = new Float64Array(entries).fill(START);
  }

  learn(entries: Uint16Array, attack: boolean): void {
    const norm = 1 / Math.sqrt(entries.length / 3 + 4);
    const error = sigmoid(fieldLogit(this, entries)) - (attack ? 1 : 0);
    this.biasSquare += error * error;
    this.bias -= (STEP * error) / Math.sqrt(this.biasSquare);
    for (const entry of entries) {
      const gradient = error * norm + DECAY * this.weights[entry]!;
      this.squares[entry]! += gradient * gradient;
      this.weights[entry]! -= (STEP * gradient) / Math.sqrt(this.squares[entry]!);
    }
  }
}

/** @param entries of the table, a power of two */
export function trainTable(
  examples: readonly TargetExample[],
  entries: number,
  random: Prng,
): FloatTable {
  const learner = new Learner(entries);
  const order = examples.map((_, i) => i);
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    shuffle(order, random);
    for (const index of order) {
      const { fields, attack } = examples[index]!;
      if (attack) learner.learn(worst(fields, epoch === 0 ? undefined : learner), true);
      else for (const field of fields) learner.learn(field, false);
    }
  }
  return { weights: learner.weights, bias: learner.bias };
}

/** The field with the largest logit; the longest one while nothing is learnt yet. */
function worst(fields: readonly Uint16Array[], table: FloatTable | undefined): Uint16Array {
  const rank = (field: Uint16Array) =>
    table === undefined ? field.length : fieldLogit(table, field);
  return fields.reduce((most, field) => (rank(field) > rank(most) ? field : most));
}

/** Fisher-Yates. */
export function shuffle<T>(items: T[], random: Prng): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}
