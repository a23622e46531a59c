// Numbers of JSON as doubles. The standard library's parseFloat wants a string on the heap, so this
// is our own: exact whenever 19 significant digits and a power of ten within 10^22 suffice (every
// integer up to 2^53 does), else by 64-bit extended multiplication. Digits after the 19th count for
// at most 2^-59 of the value, nine factors and their products for less than 2^-59 together, so the
// error before the last rounding is below 2^-58 and the result within 1 ulp of the nearest double.

import { ConfigProblem } from "../contract/config-problem";
import { JsonReader, jsonFail, jsonPeek } from "./json";

/** Above this no further digit goes into the mantissa: 10 * (1e18 - 1) + 9 still fits 64 bits. */
const MANTISSA_FULL: u64 = 1000000000000000000;
/** Digits of an exponent stop counting here; far beyond any double. */
const EXPONENT_FULL: i32 = 100000;

/** 10^0 to 10^22: the powers of ten that are doubles. */
// prettier-ignore
const EXACT_POWERS: usize = memory.data<f64>([
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
]);
/** 10^(2^i), i = 0 to 8, then 10^-(2^i): 64-bit mantissas with the top bit set, nearest. */
// prettier-ignore
const POWER_MANTISSAS: usize = memory.data<u64>([
  0xa000000000000000, 0xc800000000000000, 0x9c40000000000000, 0xbebc200000000000,
  0x8e1bc9bf04000000, 0x9dc5ada82b70b59e, 0xc2781f49ffcfa6d5, 0x93ba47c980e98ce0,
  0xaa7eebfb9df9de8e,
  0xcccccccccccccccd, 0xa3d70a3d70a3d70a, 0xd1b71758e219652c, 0xabcc77118461cefd,
  0xe69594bec44de15b, 0xcfb11ead453994ba, 0xa87fea27a539e9a5, 0xddd0467c64bce4a1,
  0xc0314325637a193a,
]);
/** The powers of two that belong to them. */
// prettier-ignore
const POWER_EXPONENTS: usize = memory.data<i32>([
  -60, -57, -50, -37, -10, 43, 149, 362, 787,
  -67, -70, -77, -90, -117, -170, -276, -489, -914,
]);

// @ts-ignore: decorator
@inline
function isDigit(byte: i32): bool {
  return byte >= 0x30 && byte <= 0x39;
}

/** Upper 64 bits of a product, rounded. */
function multiplyHigh(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >> 32);
  const cross = aLow * bHigh + (middle & 0xffffffff);
  // Half of the lowest kept bit; cannot carry out, because a and b are at most 2^64 - 1.
  return aHigh * bHigh + (middle >> 32) + ((cross + 0x80000000) >> 32);
}

/** mantissa * 2^exponent, the mantissa's top bit set, to the nearest double, ties to even. */
function assemble(mantissa: u64, exponent: i32): f64 {
  const leading = exponent + 63;
  if (leading > 1023) return Infinity;
  const subnormal = leading < -1022;
  const shift = subnormal ? 11 + (-1022 - leading) : 11;
  if (shift > 63) return 0;
  const cut = (<u64>1) << (<u64>shift);
  const rest = mantissa & (cut - 1);
  let kept = mantissa >> (<u64>shift);
  const half = cut >> 1;
  if (rest > half || (rest == half && (kept & 1) != 0)) kept++;
  // A carry out of the mantissa moves into the exponent, which is what rounding up to it means.
  const base: u64 = subnormal ? 0 : (<u64>(leading + 1022)) << 52;
  return reinterpret<f64>(base + kept);
}

/** digits * 10^power. */
export function scaleDecimal(digits: u64, power: i32): f64 {
  if (digits == 0 || power < -345) return 0;
  if (power > 310) return Infinity;
  if (digits <= 9007199254740992 && power >= -22 && power <= 22) {
    const exact = load<f64>(EXACT_POWERS + ((<usize>abs<i32>(power)) << 3));
    return power < 0 ? <f64>digits / exact : <f64>digits * exact;
  }
  let exponent = -(<i32>clz<u64>(digits));
  let mantissa = digits << (<u64>-exponent);
  const table = power < 0 ? 9 : 0;
  const bits = abs<i32>(power);
  for (let i = 0; i < 9; i++) {
    if (((bits >> i) & 1) == 0) continue;
    const row = <usize>(table + i);
    mantissa = multiplyHigh(mantissa, load<u64>(POWER_MANTISSAS + (row << 3)));
    exponent += load<i32>(POWER_EXPONENTS + (row << 2)) + 64;
    // The product of two mantissas with their top bit set lacks at most one bit.
    const missing = <i32>clz<u64>(mantissa);
    mantissa <<= <u64>missing;
    exponent -= missing;
  }
  return assemble(mantissa, exponent);
}

/** The digits of a run go into the mantissa while it has room; each one else moves the point. */
let mantissa: u64 = 0;
let power: i32 = 0;

function readDigits(reader: JsonReader, powerStep: i32): bool {
  let byte = jsonPeek(reader);
  if (!isDigit(byte)) return jsonFail(reader, ConfigProblem.Malformed);
  while (isDigit(byte)) {
    if (mantissa < MANTISSA_FULL) {
      mantissa = mantissa * 10 + <u64>(byte - 0x30);
      power += powerStep;
    } else {
      power += powerStep + 1;
    }
    reader.cursor++;
    byte = jsonPeek(reader);
  }
  return true;
}

function readExponent(reader: JsonReader): bool {
  reader.cursor++;
  let byte = jsonPeek(reader);
  const negative = byte == 0x2d;
  if (negative || byte == 0x2b) {
    reader.cursor++;
    byte = jsonPeek(reader);
  }
  if (!isDigit(byte)) return jsonFail(reader, ConfigProblem.Malformed);
  let exponent = 0;
  while (isDigit(byte)) {
    if (exponent < EXPONENT_FULL) exponent = exponent * 10 + byte - 0x30;
    reader.cursor++;
    byte = jsonPeek(reader);
  }
  power += negative ? -exponent : exponent;
  return true;
}

/** Reads the number at the cursor; anything that is no number is Malformed. */
export function readNumber(reader: JsonReader): bool {
  const start = reader.cursor;
  mantissa = 0;
  power = 0;
  const negative = jsonPeek(reader) == 0x2d;
  if (negative) reader.cursor++;
  if (jsonPeek(reader) == 0x30) {
    reader.cursor++;
    if (isDigit(jsonPeek(reader))) return jsonFail(reader, ConfigProblem.Malformed);
  } else if (!readDigits(reader, 0)) {
    return false;
  }
  if (jsonPeek(reader) == 0x2e) {
    reader.cursor++;
    if (!readDigits(reader, -1)) return false;
  }
  if ((jsonPeek(reader) | 0x20) == 0x65 && !readExponent(reader)) return false;
  const magnitude = scaleDecimal(mantissa, power);
  reader.number = negative ? -magnitude : magnitude;
  reader.tokenPtr = start;
  reader.tokenLength = <i32>(reader.cursor - start);
  return true;
}
