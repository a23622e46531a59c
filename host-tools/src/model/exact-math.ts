// exp, log, tanh and normal deviates from basic arithmetic only. Not Math.exp and friends: their
// last bit differs between engines and versions, and a model rebuilt from its seed must have the
// same bytes everywhere. +, -, *, / and sqrt of doubles are exact by IEEE 754.

import type { Prng } from "../lib/prng";

const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
export const LN2 = 0.6931471805599453;
const HALF_ROOT = 0.7071067811865476;

const bits = new DataView(new ArrayBuffer(8));

/** @returns 2 to an integer exponent in [-1022, 1023], exact */
function powerOfTwo(exponent: number): number {
  bits.setUint32(0, (exponent + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}

/** e to the x, relative error below 1e-15 for |x| < 700; saturates beyond. */
export function exp(x: number): number {
  if (x > 700) x = 700;
  if (x < -700) return 0;
  const k = Math.round(x / LN2);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 1;
  for (let n = 13; n >= 1; n--) sum = 1 + (sum * r) / n;
  return sum * powerOfTwo(k);
}

/** Natural logarithm of a normal positive double, relative error below 1e-14 away from 1. */
export function log(x: number): number {
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  let exponent = (high >>> 20) - 1023;
  bits.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  let mantissa = bits.getFloat64(0) / 2;
  exponent += 1;
  if (mantissa < HALF_ROOT) {
    mantissa *= 2;
    exponent -= 1;
  }
  const t = (mantissa - 1) / (mantissa + 1);
  const square = t * t;
  let sum = 0;
  for (let n = 23; n >= 1; n -= 2) sum = 1 / n + square * sum;
  return exponent * LN2_HIGH + (2 * t * sum + exponent * LN2_LOW);
}

/** Logarithm to base 2 of a normal positive double. */
export function log2(x: number): number {
  return log(x) / LN2;
}

/** Logistic function 1 / (1 + e^-x). */
export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + exp(-x)) : 1 - 1 / (1 + exp(x));
}

/** Hyperbolic tangent. */
export function tanh(x: number): number {
  return 2 * sigmoid(2 * x) - 1;
}

/** Standard normal deviate by the polar method. */
export function normal(random: Prng): number {
  for (;;) {
    const u = 2 * random.uniform() - 1;
    const v = 2 * random.uniform() - 1;
    const square = u * u + v * v;
    if (square > 0 && square < 1) return u * Math.sqrt((-2 * log(square)) / square);
  }
}

/** Exponential deviate with the given mean. */
export function exponential(random: Prng, mean: number): number {
  return -mean * log(1 - random.uniform());
}
