import { describe, expect, it } from "vitest";
import { readTensor } from "../../../host-tools/src/onnx/onnx-tensor";
import { WireWriter } from "./onnx-writer";

/** TensorProto.DataType. */
const FLOAT = 1;
const INT64 = 7;
const HALF = 10;
const DOUBLE = 11;
const BRAIN = 16;

function raw(type: number, bytes: ArrayBufferView): Float64Array {
  const all = new Uint8Array(bytes.buffer);
  const count = all.length / { [FLOAT]: 4, [INT64]: 8, [HALF]: 2, [DOUBLE]: 8, [BRAIN]: 2 }[type]!;
  return readTensor(new WireWriter().varint(1, count).varint(2, type).block(9, all).finish())
    .values;
}

describe("a tensor of an ONNX file", () => {
  it("is read from raw bytes of every type that weights come in", () => {
    expect(Array.from(raw(FLOAT, Float32Array.of(1.5, -0.25)))).toEqual([1.5, -0.25]);
    expect(Array.from(raw(DOUBLE, Float64Array.of(Math.PI)))).toEqual([Math.PI]);
    expect(Array.from(raw(INT64, BigInt64Array.of(-3n, 70_000n)))).toEqual([-3, 70_000]);
  });

  it("has half precision by the standard: normal, subnormal, largest, infinite", () => {
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x3555, 0x0001, 0x0400, 0x7bff, 0xfc00, 0x8000);
    expect(Array.from(raw(HALF, bits))).toEqual([
      1,
      -2,
      1365 / 4096,
      2 ** -24,
      2 ** -14,
      65_504,
      -Infinity,
      -0,
    ]);
    expect(raw(HALF, Uint16Array.of(0x7e00))[0]).toBeNaN();
  });

  it("has bfloat16 as the upper half of a float", () => {
    const float = new Uint16Array(Float32Array.of(1, -3.140625, 2 ** 100).buffer);
    const upper = Uint16Array.of(float[1]!, float[3]!, float[5]!);
    expect(Array.from(raw(BRAIN, upper))).toEqual([1, -3.140625, 2 ** 100]);
  });

  it("is read from typed fields as from raw bytes", () => {
    const packed = new Uint8Array(Float32Array.of(1, 2, 3).buffer);
    const tensor = readTensor(
      new WireWriter().varint(1, 3).varint(2, FLOAT).text(8, "w").block(4, packed).finish(),
    );
    expect(tensor).toEqual({ name: "w", dims: [3], values: Float64Array.of(1, 2, 3) });
    // Halves travel as their bits in int32.
    const halves = new WireWriter()
      .varint(1, 2)
      .varint(2, HALF)
      .varint(5, 0x3c00)
      .varint(5, 0x4000);
    expect(Array.from(readTensor(halves.finish()).values)).toEqual([1, 2]);
  });

  it("is refused where its numbers do not fill its shape, or are elsewhere", () => {
    const bytes = new Uint8Array(Float32Array.of(1, 2).buffer);
    const w = () => new WireWriter().varint(1, 3).varint(2, FLOAT).text(8, "w");
    expect(() => readTensor(w().block(9, bytes).finish())).toThrow(
      'tensor "w" has 2 numbers for the shape [3]',
    );
    expect(() => readTensor(w().varint(14, 1).finish())).toThrow("its data is in another file");
    const text = new WireWriter().varint(1, 1).varint(2, 8);
    expect(() => readTensor(text.finish())).toThrow("its data type is 8; supported: float, ");
    const huge = new WireWriter()
      .varint(1, 1 << 20)
      .varint(1, 1 << 20)
      .varint(2, FLOAT);
    expect(() => readTensor(huge.finish())).toThrow("supported: up to 1048576");
  });
});
