// The artifact that came with the configuration: decoded into the generation's region and compared
// with its digest. What the bytes mean is assembly/model's matter.

import { Mode, ModelField, RecordKind } from "../contract/config";
import { ConfigProblem } from "../contract/config-problem";
import { ARTIFACT_BYTES_MAX } from "../contract/limits";
import { decodeBase64 } from "./base64";
import { REPORT_DIGEST_BYTES, reportExpected, reportFound } from "./config-report";
import { integerOf, slot } from "./field-slot";
import { lookup, parsing, refuse, refuseField } from "./parsing";
import { enterKey } from "./place";
import { SHA256_BYTES, sha256 } from "./sha256";
import { textEquals } from "./text-rule";

const HEX_BYTES: i32 = 2 * SHA256_BYTES;
const digest: usize = memory.data(SHA256_BYTES, 8);
const digestHex: usize = memory.data(HEX_BYTES, 8);

// @ts-ignore: decorator
@inline
function hexDigit(nibble: u32): u32 {
  return nibble < 10 ? 0x30 + nibble : 0x57 + nibble;
}

function writeHex(): void {
  for (let i: usize = 0; i < <usize>SHA256_BYTES; i++) {
    const byte: u32 = load<u8>(digest + i);
    store<u8>(digestHex + 2 * i, hexDigit(byte >> 4));
    store<u8>(digestHex + 2 * i + 1, hexDigit(byte & 15));
  }
}

/** After the last field of the model. */
export function storeModel(): bool {
  const text = slot(RecordKind.Model, ModelField.Base64);
  const bytes = decodeBase64(text.textPtr, text.textLength, parsing.artifact, ARTIFACT_BYTES_MAX);
  if (bytes < 0) return refuseField(RecordKind.Model, ModelField.Base64, ConfigProblem.NotBase64);
  sha256(parsing.artifact, bytes, digest);
  writeHex();
  const stated = slot(RecordKind.Model, ModelField.Sha256);
  if (!textEquals(digestHex, HEX_BYTES, stated.textPtr, stated.textLength)) {
    if (lookup.byId(RecordKind.Model, ModelField.Sha256)) enterKey(lookup.key);
    refuse(ConfigProblem.ArtifactDigest);
    memory.copy(reportExpected(parsing.report), stated.textPtr, REPORT_DIGEST_BYTES);
    memory.copy(reportFound(parsing.report), digestHex, REPORT_DIGEST_BYTES);
    return false;
  }
  parsing.settings.hasModel = 1;
  parsing.settings.artifactBytes = bytes;
  const mode = integerOf(RecordKind.Model, ModelField.Mode);
  parsing.settings.modelShadow = i32(mode == Mode.Shadow);
  return true;
}
