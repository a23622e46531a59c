// Members of a protobuf message by their numbers, for the few messages that tests look into.

import { readFields } from "../../../host-tools/src/onnx/wire";

/** Bytes of each member with this number, in order. */
export function members(message: Uint8Array, number: number): Uint8Array[] {
  return readFields(message)
    .filter((field) => field.number === number)
    .map(({ bytes }) => bytes);
}

export function texts(message: Uint8Array, number: number): string[] {
  return members(message, number).map((bytes) => new TextDecoder().decode(bytes));
}
