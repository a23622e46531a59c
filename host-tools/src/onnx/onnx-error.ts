// What is wrong with an ONNX file. Two kinds, because the user does different things about them: a file
// that is broken is exported again, a graph that is not ours is changed.

import { ExitCode, GanglionError } from "../lib/errors";

/** The bytes are no ONNX model. */
export function brokenFile(problem: string): GanglionError {
  return new GanglionError("E_ONNX_FILE", `the file is no readable ONNX model: ${problem}`, {
    hint: "Export it again, weights inside the file: torch.onnx.export(model, x, FILE).",
    exitCode: ExitCode.badInput,
  });
}

/**
 * The graph computes something that the filter's kernels do not.
 * @param where the node, input or output, as nodeTitle and the like write it
 * @param problem the attribute and its value, then what is supported
 */
export function unsupported(where: string, problem: string): GanglionError {
  return new GanglionError("E_ONNX_GRAPH", `${where}: ${problem}`, {
    hint: "docs/model-card.md says which graphs can be imported.",
    exitCode: ExitCode.badInput,
  });
}
