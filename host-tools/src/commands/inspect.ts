// `ganglion inspect`: what is in an artifact, checked as the filter checks it, its self-test run.

import { ExitCode } from "../lib/errors";
import { readInput } from "../lib/input";
import { writeOutput } from "../lib/output";
import { paint, say } from "../lib/talk";
import { type ArtifactDescription, describeArtifact } from "../model/describe-artifact";

export interface InspectOptions {
  /** Form of what is printed. */
  readonly output?: "text" | "json";
}

/**
 * @param file path of the artifact, `-` for standard input
 * @returns 79 when the artifact is well-formed and its self-test fails
 * @throws GanglionError E_ARTIFACT_... when it is not well-formed
 */
export async function runInspect(file: string, options: InspectOptions = {}): Promise<ExitCode> {
  const description = describeArtifact(await readInput(file));
  const text =
    options.output === "json"
      ? `${JSON.stringify(description, undefined, 2)}\n`
      : renderDescription(description);
  await writeOutput(text, undefined);
  if (description.self_test.passed) return ExitCode.ok;
  say(`${paint.bad("self-test failed")}: the filter would refuse this artifact`);
  return ExitCode.findings;
}

/** A description as aligned text. */
export function renderDescription(d: ArtifactDescription): string {
  const head: [string, string | number][] = [
    ["name", d.name],
    ["model version", d.model_version],
    ["sha256", d.sha256],
    ["size", `${d.size_bytes} bytes, ${d.base64_bytes} in base64`],
    [
      "kind",
      `${d.kind}, ${d.architecture}, format ${d.format_version}, schema ${d.feature_schema}`,
    ],
    ["shape", `${d.shape.inputs} inputs, ${d.shape.hidden} hidden, ${d.shape.outputs} outputs`],
    ["parameters", d.parameters],
    ["training", `seed ${d.training.seed}, step ${d.training.steps}`],
    ["threshold", `${d.threshold_permille} permille`],
    ["warm-up", `${d.warm_up_steps} requests of a route`],
    ["averages", `residuals over ${d.smoothing_steps}, drift over ${d.drift_steps} requests`],
    ["gates", matrixLine(d.weights.gates)],
    ["predictor", matrixLine(d.weights.predictor)],
    ["self-test", `${d.self_test.steps} steps, ${d.self_test.passed ? "passed" : "FAILED"}`],
  ];
  const inputs = table(
    ["input", "offset", "deviation"],
    d.calibration.map((c) => [c.feature, c.offset, c.deviation]),
  );
  const outputs = table(
    ["predicted", "as", "rare residual", "rare drift", "least scale"],
    d.outputs.map((o) => [o.feature, o.predicts, o.rare_residual, o.rare_drift, o.least_scale]),
  );
  const quantiles = table(
    ["score", "surprise"],
    d.quantiles.map((q) => [q.permille, (q.surprise / 4096).toFixed(2)]),
  );
  const headText = head.map(([key, value]) => `${key.padEnd(14)} ${value}`).join("\n");
  return `${[headText, inputs, outputs, quantiles].join("\n\n")}\n`;
}

function matrixLine(m: ArtifactDescription["weights"]["gates"]): string {
  return `${m.rows} x ${m.columns} int8, ${m.zero_pct} % zero, ${m.saturated_pct} % at the end`;
}

/** Columns padded to their widest cell; all but the first aligned right. */
function table(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [heads, ...rows.map((row) => row.map(String))];
  const widths = heads.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  return cells
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
