// The scorer alone in Envoy: a filter that runs a model's step so many times per request as its
// configuration says, "STEPS BASE64-ARTIFACT". The difference between its variants is what a step
// costs under Envoy's V8, without the rest of the product.

import { decodeBase64 } from "../../assembly/config/base64";
import { ArtifactStatus, INPUTS_MAX } from "../../assembly/contract/artifact";
import { FEATURE_SCHEMA } from "../../assembly/contract/features";
import { ARTIFACT_BYTES_MAX } from "../../assembly/contract/limits";
import { MODEL_STRUCT_BYTES, Model, mapModel } from "../../assembly/model/model";
import { evidenceQuantised } from "../../assembly/model/scorer";
import { validateArtifactFor } from "../../assembly/model/validate";

// @ts-ignore: decorator
@external("env", "proxy_get_buffer_bytes")
declare function getBuffer(kind: i32, start: u32, bytes: u32, ptr: usize, size: usize): u32;

/** Different vectors in turn, so that no branch sees the same residuals every time. */
const VECTORS: i32 = 16;
const STATE_BYTES: i32 = 8192;

const SCRATCH: usize = memory.data(262144, 16);
const RESULT: usize = memory.data(16, 8);
const ARTIFACT: usize = memory.data(ARTIFACT_BYTES_MAX, 16);
const MODEL: usize = memory.data(512, 16);
const STATE: usize = memory.data(STATE_BYTES, 16);
const SELF_TEST_STATE: usize = memory.data(STATE_BYTES, 16);
const INPUTS: usize = memory.data(2 * INPUTS_MAX * VECTORS, 16);
if (MODEL_STRUCT_BYTES > 512) ERROR("MODEL is too small");

let used: usize = 0;
let steps: i32 = 0;
let done: i32 = 0;
/** Keeps the work from being left out. */
let sum: i32 = 0;

export function proxy_abi_version_0_2_1(): void {}

export function malloc(bytes: usize): usize {
  const place = SCRATCH + used;
  used += (bytes + 15) & ~15;
  return place;
}

export function proxy_on_vm_start(root: u32, bytes: i32): i32 {
  return 1;
}

export function proxy_on_configure(root: u32, bytes: i32): i32 {
  used = 0;
  getBuffer(7, 0, bytes, RESULT, RESULT + 4);
  const text = <usize>load<u32>(RESULT);
  let at = 0;
  for (; at < bytes && load<u8>(text + at) != 32; at++) {
    steps = steps * 10 + load<u8>(text + at) - 48;
  }
  const length = decodeBase64(text + at + 1, bytes - at - 1, ARTIFACT, ARTIFACT_BYTES_MAX);
  const status = validateArtifactFor(
    ARTIFACT,
    length,
    FEATURE_SCHEMA,
    0,
    SELF_TEST_STATE,
    STATE_BYTES,
  );
  if (status != ArtifactStatus.Ok) return 0;
  mapModel(ARTIFACT, changetype<Model>(MODEL));
  let random: u32 = 1;
  for (let i = 0; i < INPUTS_MAX * VECTORS; i++) {
    random = random * 1664525 + 1013904223;
    store<i16>(INPUTS + ((<usize>i) << 1), <i16>((<i32>random) >> 18));
  }
  return 1;
}

export function proxy_on_request_headers(context: u32, headers: i32, end: i32): i32 {
  used = 0;
  const model = changetype<Model>(MODEL);
  for (let i = 0; i < steps; i++) {
    const vector = (done++ & (VECTORS - 1)) * 2 * INPUTS_MAX;
    sum += evidenceQuantised(model, STATE, INPUTS + <usize>vector);
  }
  return 0;
}

/** What the steps came to. */
export function evidenceSum(): i32 {
  return sum;
}
