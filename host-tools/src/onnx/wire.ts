// Reads protobuf's wire format: tagged fields in a row. A reader of our own and no library, because
// ONNX needs seven message types read in one direction, and every library for it brings a compiler, a
// reflection layer and more code than this whole folder.
//
// Field = varint tag (number << 3 | type), then by type: 0 varint, 1 eight bytes, 2 length and bytes,
// 5 four bytes. Types 3 and 4 (groups) are not in ONNX.

import { brokenFile } from "./onnx-error";

/** One field as it lies in the file; which of the values is meant follows from the schema. */
export interface WireField {
  readonly number: number;
  readonly type: number;
  /** Type 0; low 64 bits. */
  readonly varint: bigint;
  /** Types 1, 2 and 5: the value's own bytes. */
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

/**
 * Splits a message into its fields, in file order.
 * @throws GanglionError E_ONNX_FILE where the bytes end within a field or have an unknown type
 */
export function readFields(message: Uint8Array): WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const varint = (): bigint => {
    const [value, next] = readVarint(message, at);
    at = next;
    return value;
  };
  const take = (length: number): Uint8Array => {
    if (length > message.length - at) throw brokenFile(`it ends within a field of ${length} bytes`);
    return message.subarray(at, (at += length));
  };
  while (at < message.length) {
    const tag = Number(varint() & 0xffffffffn);
    const number = tag >>> 3;
    const type = tag & 7;
    if (number === 0) throw brokenFile("a field has the number 0");
    if (type === 0) fields.push({ number, type, varint: varint(), bytes: NO_BYTES });
    else if (type === 1) fields.push({ number, type, varint: 0n, bytes: take(8) });
    else if (type === 2) {
      // A length beyond the file is refused before it is narrowed to a double.
      const length = varint();
      if (length > BigInt(message.length)) throw brokenFile(`a field claims ${length} bytes`);
      fields.push({ number, type, varint: 0n, bytes: take(Number(length)) });
    } else if (type === 5) fields.push({ number, type, varint: 0n, bytes: take(4) });
    else throw brokenFile(`a field has the wire type ${type}`);
  }
  return fields;
}

/** @returns the number and the offset behind it */
function readVarint(message: Uint8Array, from: number): [bigint, number] {
  let value = 0n;
  for (let i = 0; i < 10; i++) {
    const byte = message[from + i];
    if (byte === undefined) throw brokenFile("it ends within a number");
    value |= BigInt(byte & 127) << BigInt(7 * i);
    if (byte < 128) return [BigInt.asUintN(64, value), from + i + 1];
  }
  throw brokenFile("a number has more than 10 bytes");
}

/** A field as int64; beyond 2^53 it is no size of anything here. */
export function integerOf(field: WireField): number {
  return Number(BigInt.asIntN(64, field.varint));
}

export function textOf(field: WireField): string {
  return new TextDecoder().decode(field.bytes);
}

/** A repeated int64: one field a number, or all of them packed in one. */
export function integersOf(field: WireField): number[] {
  if (field.type === 0) return [integerOf(field)];
  const numbers: number[] = [];
  for (let at = 0; at < field.bytes.length;) {
    const [value, next] = readVarint(field.bytes, at);
    numbers.push(Number(BigInt.asIntN(64, value)));
    at = next;
  }
  return numbers;
}

/** A repeated float, single or packed. */
export function floatsOf({ bytes }: WireField): number[] {
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length >> 2 }, (_, i) => view.getFloat32(4 * i, true));
}

/** A repeated double, single or packed. */
export function doublesOf({ bytes }: WireField): number[] {
  const view = viewOf(bytes);
  return Array.from({ length: bytes.length >> 3 }, (_, i) => view.getFloat64(8 * i, true));
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
