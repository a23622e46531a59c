// Writes ONNX files for the tests: the wire format by hand, and the graphs that exporters make of a
// recurrent layer with a linear one behind it.

/** Bytes of one field after another. */
export class WireWriter {
  private readonly bytes: number[] = [];

  varint(field: number, value: number | bigint): this {
    this.raw(BigInt(field << 3));
    return this.raw(BigInt.asUintN(64, BigInt(value)));
  }

  block(field: number, bytes: ArrayLike<number>): this {
    this.raw(BigInt((field << 3) | 2)).raw(BigInt(bytes.length));
    for (let i = 0; i < bytes.length; i++) this.bytes.push(bytes[i]!);
    return this;
  }

  text(field: number, text: string): this {
    return this.block(field, new TextEncoder().encode(text));
  }

  message(field: number, fill: (inner: WireWriter) => void): this {
    const inner = new WireWriter();
    fill(inner);
    return this.block(field, inner.bytes);
  }

  float(field: number, value: number): this {
    this.raw(BigInt((field << 3) | 5));
    this.bytes.push(...new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }

  private raw(value: bigint): this {
    for (let rest = value; ; rest >>= 7n) {
      if (rest < 128n) {
        this.bytes.push(Number(rest));
        return this;
      }
      this.bytes.push(Number(rest & 127n) | 128);
    }
  }
}

export type Attribute = number | { float: number } | string | readonly (number | string)[] | Tensor;

export interface Tensor {
  readonly dims: readonly number[];
  readonly values: ArrayLike<number>;
  /** TensorProto.DataType: 1 float, 7 int64. */
  readonly type: 1 | 7;
}

export const floats = (dims: readonly number[], values: ArrayLike<number>): Tensor => ({
  dims,
  values,
  type: 1,
});
export const ints = (...values: number[]): Tensor => ({ dims: [values.length], values, type: 7 });

interface Port {
  readonly name: string;
  readonly dims: readonly (number | string)[];
}

/** A graph under construction. */
export class GraphWriter {
  private readonly nodes: ((w: WireWriter) => void)[] = [];
  private readonly tensors: ((w: WireWriter) => void)[] = [];
  private readonly inputs: Port[] = [];
  private readonly outputs: Port[] = [];
  private readonly metadata: [string, string][] = [];

  input(name: string, ...dims: (number | string)[]): string {
    this.inputs.push({ name, dims });
    return name;
  }

  output(name: string, ...dims: (number | string)[]): void {
    this.outputs.push({ name, dims });
  }

  tensor(name: string, tensor: Tensor): string {
    this.tensors.push((w) => w.message(5, (t) => writeTensor(t, tensor, name)));
    return name;
  }

  describe(key: string, value: string): void {
    this.metadata.push([key, value]);
  }

  /** @returns the first output's name */
  node(
    type: string,
    inputs: readonly string[],
    outputs: string | readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    const made = typeof outputs === "string" ? [outputs] : outputs;
    this.nodes.push((w) =>
      w.message(1, (n) => {
        for (const name of inputs) n.text(1, name);
        for (const name of made) n.text(2, name);
        n.text(3, `/${type}_${made.find((name) => name !== "") ?? ""}`).text(4, type);
        for (const [name, value] of Object.entries(attributes)) writeAttribute(n, name, value);
      }),
    );
    return made[0]!;
  }

  finish(): Uint8Array {
    const model = new WireWriter().varint(1, 8).text(2, "ganglion-test").text(3, "1.0");
    model.message(7, (graph) => {
      for (const write of this.nodes) write(graph);
      graph.text(2, "main");
      for (const write of this.tensors) write(graph);
      for (const port of this.inputs) writePort(graph, 11, port);
      for (const port of this.outputs) writePort(graph, 12, port);
    });
    model.message(8, (opset) => opset.text(1, "").varint(2, 17));
    for (const [key, value] of this.metadata) {
      model.message(14, (entry) => entry.text(1, key).text(2, value));
    }
    return model.finish();
  }
}

function writeTensor(w: WireWriter, { dims, values, type }: Tensor, name: string): void {
  for (const dim of dims) w.varint(1, dim);
  w.varint(2, type).text(8, name);
  const numbers = Array.from(values);
  const raw =
    type === 1 ? Float32Array.from(numbers) : BigInt64Array.from(numbers, (one) => BigInt(one));
  w.block(9, new Uint8Array(raw.buffer));
}

function writeAttribute(node: WireWriter, name: string, value: Attribute): void {
  node.message(5, (a) => {
    a.text(1, name);
    if (typeof value === "number") a.varint(3, value).varint(20, 2);
    else if (typeof value === "string") a.text(4, value).varint(20, 3);
    else if ("float" in value) a.float(2, value.float).varint(20, 1);
    else if ("dims" in value) a.message(5, (t) => writeTensor(t, value, "")).varint(20, 4);
    else if (typeof value[0] === "string") {
      for (const one of value) a.text(9, String(one));
      a.varint(20, 8);
    } else {
      for (const one of value) a.varint(8, Number(one));
      a.varint(20, 7);
    }
  });
}

function writePort(graph: WireWriter, field: number, { name, dims }: Port): void {
  graph.message(field, (info) =>
    info.text(1, name).message(2, (type) =>
      type.message(1, (tensor) =>
        tensor.varint(1, 1).message(2, (shape) => {
          for (const dim of dims) {
            shape.message(1, (d) => (typeof dim === "number" ? d.varint(1, dim) : d.text(2, dim)));
          }
        }),
      ),
    ),
  );
}
