// What a text of the configuration may contain, rule by rule (contract/config.ts TextRule). All of
// them are subsets of ASCII, so nothing after this needs to know UTF-8.

import { TextRule } from "../contract/config";
import { ConfigProblem } from "../contract/config-problem";

// @ts-ignore: decorator
@inline
function isLowerOrDigit(byte: u32): bool {
  return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39);
}

// @ts-ignore: decorator
@inline
function isAlphanumeric(byte: u32): bool {
  return isLowerOrDigit(byte) || (byte >= 0x41 && byte <= 0x5a);
}

function isNameByte(byte: u32, first: bool): bool {
  return isAlphanumeric(byte) || (!first && (byte == 0x2d || byte == 0x5f || byte == 0x2e));
}

function permits(rule: TextRule, byte: u32, first: bool): bool {
  switch (rule) {
    case TextRule.Name:
      return isNameByte(byte, first);
    case TextRule.Token:
      return byte > 0x20 && byte < 0x7f;
    case TextRule.HeaderName:
      return isLowerOrDigit(byte) || byte == 0x2d || byte == 0x5f;
    case TextRule.Path:
      return first ? byte == 0x2f : byte > 0x20 && byte < 0x7f;
    case TextRule.Sha256:
      return (byte >= 0x61 && byte <= 0x66) || (byte >= 0x30 && byte <= 0x39);
    default:
      return true;
  }
}

function problemOf(rule: TextRule): ConfigProblem {
  switch (rule) {
    case TextRule.Name:
      return ConfigProblem.NotName;
    case TextRule.Token:
      return ConfigProblem.NotToken;
    case TextRule.HeaderName:
      return ConfigProblem.NotHeaderName;
    case TextRule.Path:
      return ConfigProblem.NotPath;
    case TextRule.Sha256:
      return ConfigProblem.NotSha256;
    default:
      return ConfigProblem.NotBase64;
  }
}

/**
 * Checks a text against its rule; base64 is left to its decoder.
 * @returns ConfigProblem.None, or what is wrong
 */
export function checkText(rule: TextRule, source: usize, length: i32): ConfigProblem {
  if (rule == TextRule.Base64) return ConfigProblem.None;
  for (let i = 0; i < length; i++) {
    if (!permits(rule, load<u8>(source + <usize>i), i == 0)) return problemOf(rule);
  }
  return ConfigProblem.None;
}

/** True when two texts are equal byte by byte. */
export function textEquals(a: usize, aLength: i32, b: usize, bLength: i32): bool {
  if (aLength != bLength) return false;
  for (let i = 0; i < aLength; i++) {
    if (load<u8>(a + <usize>i) != load<u8>(b + <usize>i)) return false;
  }
  return true;
}
