import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GanglionError } from "../../../host-tools/src/lib/errors";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { columnsOf } from "../../../host-tools/src/onnx/float-import";
import { importOnnx } from "../../../host-tools/src/onnx/imported-model";
import { floats, GraphWriter, ints } from "./onnx-writer";
import { batchFirstGraph, plainGraph, type GraphOptions } from "./recurrent-graphs";

const gru: GraphOptions = { architecture: "GRU", inputs: 4, hidden: 8, outputs: 3 };
const lstm: GraphOptions = { ...gru, architecture: "LSTM" };

/** The message of a refused graph. */
function refusal(options: GraphOptions, more?: (g: GraphWriter) => string): string {
  return messageOf(() => importOnnx(plainGraph(options, seededPrng(1), more)));
}

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(GanglionError);
    return (error as GanglionError).message;
  }
  return "accepted";
}

describe("an ONNX graph that the kernels cannot compute", () => {
  it("is accepted where it is one that they can", () => {
    expect(refusal(gru)).toBe("accepted");
    expect(refusal(lstm)).toBe("accepted");
  });

  it("is refused with node, attribute, value and what is supported", () => {
    const attribute = (attributes: GraphOptions["attributes"], options = gru) =>
      refusal({ ...options, attributes: attributes! });
    expect(attribute({ linear_before_reset: 0 })).toBe(
      'node "/GRU_Y" (GRU): linear_before_reset is 0; supported: 1, as PyTorch has it and Keras ' +
        "with reset_after",
    );
    expect(attribute({ direction: "reverse" })).toBe(
      'node "/GRU_Y" (GRU): direction is "reverse"; supported: "forward"',
    );
    expect(attribute({ activations: ["Sigmoid", "Relu"] })).toBe(
      'node "/GRU_Y" (GRU): activations are Sigmoid, Relu; supported: Sigmoid, Tanh',
    );
    expect(attribute({ clip: { float: 3 } }, lstm)).toBe(
      'node "/LSTM_Y" (LSTM): clip is 3; supported: none',
    );
    expect(attribute({ input_forget: 1 }, lstm)).toContain("input_forget is 1; supported: 0");
    expect(refusal({ ...gru, hidden: 72 })).toContain("hidden_size is 72; supported: up to 64");
  });

  it("is refused where something between layer and output is not linear", () => {
    const bent = (type: string) => refusal(gru, (g) => g.node(type, ["state"], "bent"));
    expect(bent("Relu")).toBe(
      'node "/Relu_bent" (Relu): stands behind the recurrent layer; supported there: MatMul, Gemm, ' +
        "Add, Sub, Mul and Div with constants, Concat, and a last Sigmoid",
    );
    expect(bent("Sigmoid")).toContain("stands behind a Sigmoid; supported: a Sigmoid at the end");
    expect(bent("Dropout")).toBe("accepted");
  });

  it("is refused where an operator takes the features' axis apart", () => {
    const moved = (
      type: string,
      attributes: Record<string, number | number[]>,
      ...more: string[]
    ) =>
      refusal(gru, (g) => {
        g.tensor("index", ints(0, 1));
        g.tensor("ends", ints(1, 4));
        return g.node(type, ["state", ...more], "moved", attributes);
      });
    const expected = "it changes the axis of the features";
    expect(moved("Transpose", { perm: [0, 2, 1] })).toContain(expected);
    expect(moved("Gather", { axis: 2 }, "index")).toContain(expected);
    expect(moved("Gather", { axis: 0 }, "index")).toBe("accepted");
    expect(moved("Slice", {}, "index", "ends", "index")).toBe("accepted");
    expect(moved("Slice", {}, "index", "ends", "ends")).toBe("accepted");
    expect(moved("Flatten", { axis: 1 })).toContain(expected);
    expect(moved("Flatten", { axis: 2 })).toBe("accepted");
  });

  it("is refused with a second layer, with none, and with a state that is not zero", () => {
    const second = refusal(gru, (g) => g.node("GRU", ["Y", "W", "R"], "again"));
    expect(second).toBe('node "/GRU_again" (GRU): it is a second recurrent layer; supported: one');

    const empty = new GraphWriter();
    empty.input("x", 1, 4);
    empty.node("Relu", ["x"], "y");
    empty.output("y", 1, 4);
    expect(messageOf(() => importOnnx(empty.finish()))).toBe(
      "the graph: it has no LSTM or GRU node, only Relu",
    );

    const primed = new GraphWriter();
    primed.input("x", 1, 1, 4);
    primed.tensor("W", floats([1, 24, 4], new Float32Array(96)));
    primed.tensor("R", floats([1, 24, 8], new Float32Array(192)));
    primed.tensor("h0", floats([1, 1, 8], new Float32Array(8).fill(0.5)));
    primed.node("GRU", ["x", "W", "R", "", "", "h0"], ["Y"], { linear_before_reset: 1 });
    primed.output("Y", 1, 1, 1, 8);
    expect(messageOf(() => importOnnx(primed.finish()))).toBe(
      'node "/GRU_Y" (GRU): initial_h is "h0", not zero; supported: zero',
    );
  });

  it("is refused where its columns are not named, or wrongly", () => {
    const model = importOnnx(plainGraph(gru, seededPrng(1)));
    const named = (inputs: string, outputs: string) =>
      messageOf(() => columnsOf(model, { inputs, outputs }));
    const four = "error_fast,error_slow,log_in_flight,log_latency_fast";
    expect(messageOf(() => columnsOf(model))).toContain("the model has 4 inputs, ");
    expect(named(four, "error_fast")).toBe("the model has 3 outputs, 1 are named");
    expect(named(four, "error_fast:logit,log_in_flight:change,error_slow:q0.99")).toBe("accepted");
    expect(named("error_fast,error_fast,a,b", "x")).toBe('"a" names no feature');
    expect(named("error_fast,error_fast", "x")).toBe('"error_fast" is there twice');
    expect(named(four, "log_in_flight:logit,error_fast,error_slow")).toContain("is no share");
    expect(named(four, "error_fast:q2,error_fast,error_slow")).toContain('has the mark "q2"');
  });

  it("takes the meaning of its columns from the file where the user says nothing", () => {
    const model = importOnnx(
      plainGraph({ ...gru, outputs: 1 }, seededPrng(1), (g) => {
        g.describe("ganglion.inputs", "error_fast,error_slow,log_in_flight,log_latency_fast");
        g.describe("ganglion.outputs", "log_latency_fast:change");
        g.describe("ganglion.unit", "raw");
        return "state";
      }),
    );
    expect(columnsOf(model)).toEqual({
      inputs: [7, 8, 1, 3],
      outputs: [{ feature: 3, carry: true, kind: "value", tau: 0 }],
      unit: "raw",
    });
  });
});

describe("a graph that is built to hurt", () => {
  /** A GRU whose weights come out of the given nodes. */
  const withWeights = (make: (g: GraphWriter) => string, state = "") => {
    const g = new GraphWriter();
    g.input("x", 1, 1, 4);
    g.tensor("R", floats([1, 24, 8], new Float32Array(192)));
    g.node("GRU", ["x", make(g), "R", "", "", state], ["Y"], { linear_before_reset: 1 });
    g.output("Y", 1, 1, 1, 8);
    return messageOf(() => importOnnx(g.finish()));
  };

  it("is refused where its constants are made of themselves", () => {
    const refused = /its weights W are computed/;
    expect(withWeights((g) => g.node("Identity", ["W"], "W"))).toMatch(refused);
    expect(
      withWeights((g) => {
        g.tensor("w", floats([1, 24, 4], new Float32Array(96)));
        return g.node("Slice", ["w", "W", "W", "W"], "W");
      }),
    ).not.toBe("accepted");
  });

  it("is refused where its constants would fill the memory", () => {
    const message = withWeights((g) => {
      g.tensor("w0", floats([1, 24, 4], new Float32Array(96)));
      for (let i = 1; i <= 60; i++) g.node("Concat", [`w${i - 1}`, `w${i - 1}`], `w${i}`);
      return "w60";
    });
    expect(message).toMatch(/its weights W are computed/);
  });

  it("is refused or read at once where each node takes the one before twice", () => {
    const doubled = (type: string) =>
      refusal(gru, (g) => {
        for (let i = 1; i <= 100; i++) {
          const before = i === 1 ? "state" : `d${i - 1}`;
          g.node(type, [before, before], `d${i}`, type === "Concat" ? { axis: -1 } : {});
        }
        return "d100";
      });
    expect(doubled("Add")).toBe("accepted");
    expect(doubled("Concat")).toMatch(/rows; supported: 4096/);
    const zeros = withWeights((g) => {
      g.tensor("w", floats([1, 24, 4], new Float32Array(96)));
      g.tensor("shape", ints(1, 1, 8));
      g.node("ConstantOfShape", ["shape"], "z0");
      for (let i = 1; i <= 100; i++) g.node("Concat", [`z${i - 1}`, `z${i - 1}`], `z${i}`);
      return "w";
    }, "z100");
    expect(zeros).toMatch(/only the layer's state, no linear layer behind it/);
  });

  it("is refused where a chain of nodes has no end in sight", () => {
    const message = withWeights((g) => {
      g.tensor("w0", floats([1, 24, 4], new Float32Array(96)));
      for (let i = 1; i <= 20_000; i++) g.node("Identity", [`w${i - 1}`], `w${i}`);
      return "w20000";
    });
    expect(message).toMatch(/its weights W are computed/);
  });
});

describe("a file that is no ONNX model", () => {
  const good = batchFirstGraph(lstm, seededPrng(2));

  it("is refused in a sentence, wherever it was cut", () => {
    for (let length = 0; length < good.length; length += 37) {
      const message = messageOf(() => importOnnx(good.subarray(0, length)));
      expect(message).toMatch(/^the file is no readable ONNX model: |^(node|tensor|the graph|in)/);
    }
  });

  it("is refused or read, never anything else, with any bytes changed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        (changes) => {
          const bytes = good.slice();
          for (const [at, value] of changes) bytes[at] = value;
          expect(messageOf(() => importOnnx(bytes))).not.toBe("");
        },
      ),
      { seed: 4, numRuns: 2000 },
    );
  });
});
