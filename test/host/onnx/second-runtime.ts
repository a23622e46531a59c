// The judge of imported models: onnxruntime-web, in Node, on one thread.

import * as ort from "onnxruntime-web";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

/**
 * Runs a model on a whole sequence.
 * @param dims of the input; its last is the features'
 * @returns the values of the output
 */
export async function runOnnx(
  model: Uint8Array,
  input: string,
  dims: readonly number[],
  values: Float32Array,
  output = "prediction",
): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(model);
  const results = await session.run({ [input]: new ort.Tensor("float32", values, dims) });
  const data = results[output]!.data as Float32Array;
  await session.release();
  return data;
}
