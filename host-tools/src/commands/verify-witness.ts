// `ganglion verify --witness RULE`: shows what a rule claims, on a real Envoy or, of queries, with promtool.

import { ExitCode, GanglionError } from "../lib/errors";
import { writeOutput } from "../lib/output";
import { paint, say, stdoutPaint } from "../lib/talk";
import { yamlText } from "../istio/yaml-text";
import { findEnvoy } from "../rig/envoy-finder";
import { findOnPath } from "../rig/executable";
import { promtoolTest, QUERY_WITNESSES, type QueryWitness } from "../verify/witness/query-witness";
import { runQueryWitness } from "../verify/witness/run-query-witness";
import { deviations, examplePorts, runWitness } from "../verify/witness/run-witness";
import type { Witness } from "../verify/witness/witness";
import { witnessConfigurations, witnessTable } from "../verify/witness/witness-text";
import { witnessOf, WITNESSES } from "../verify/witness/witnesses";

export interface VerifyWitnessOptions {
  /** Id of a rule, or `all`. */
  readonly witness: string;
  /** `text` or `json`. */
  readonly output?: string;
}

/**
 * Configurations and counters on stdout. Without an Envoy the configurations alone, and it is said.
 * Inconclusive where this Envoy does not behave as the rule claims.
 *
 * @throws GanglionError E_WITNESS for a rule without a witness, E_VERIFY_USAGE
 */
export async function runVerifyWitness(
  paths: readonly string[],
  options: VerifyWitnessOptions,
): Promise<ExitCode> {
  const { output = "text" } = options;
  refuseContradictions(paths, output);
  const isText = output === "text";
  const all = options.witness === "all";
  const queries = QUERY_WITNESSES.filter(({ rule }) => all || rule === options.witness);
  const witnesses = all ? WITNESSES : queries.length > 0 ? [] : [findWitness(options.witness)];
  const binary = witnesses.length === 0 ? undefined : await envoyAtHand();
  const results: object[] = [];
  let exitCode: ExitCode = ExitCode.ok;
  for (const witness of witnesses) {
    if (isText) await writeOutput(`${witnessConfigurations(witness)}\n`, undefined);
    if (binary !== undefined) say(paint.dim(`running ${witness.rule}, broken and fixed`));
    const counters = binary === undefined ? undefined : await runWitness(witness, binary);
    if (counters && deviations(witness, counters).length > 0) exitCode = ExitCode.inconclusive;
    if (isText && counters) {
      await writeOutput(witnessTable(witness, counters, stdoutPaint()), undefined);
    }
    results.push(asJson(witness, counters));
  }
  for (const told of await runQueries(queries, isText)) {
    if (told.holds === false) exitCode = ExitCode.inconclusive;
    results.push(told);
  }
  if (output !== "text") {
    await writeOutput(`${JSON.stringify(results, null, 2)}\n`, undefined);
  }
  return exitCode;
}

/** Each witness of a query as JSON; `holds` is null where no promtool is on PATH. */
async function runQueries(queries: readonly QueryWitness[], isText: boolean) {
  const promtool = queries.length === 0 ? undefined : findOnPath("promtool");
  if (queries.length > 0 && promtool === undefined) {
    say("not run: no promtool on PATH, which comes with Prometheus");
  }
  const results: { readonly holds: boolean | null; readonly [member: string]: unknown }[] = [];
  for (const witness of queries) {
    const { rule, shows } = witness;
    const test = promtoolTest(witness);
    const head = `# ${rule}, for promtool test rules FILE. ${shows}\n`;
    if (isText) await writeOutput(`${head}${yamlText(test)}\n`, undefined);
    const outcome = promtool === undefined ? undefined : await runQueryWitness(witness, promtool);
    if (outcome !== undefined) {
      say(outcome.holds ? paint.good(`${rule}: as claimed`) : paint.bad(outcome.words));
    }
    results.push({ rule, shows, test, counters: null, holds: outcome?.holds ?? null });
  }
  return results;
}

function refuseContradictions(paths: readonly string[], output: string): void {
  const message =
    paths.length > 0
      ? `--witness reads no files, and ${paths[0]} is given`
      : `--witness prints text or json, not ${output}`;
  if (paths.length === 0 && ["text", "json"].includes(output)) return;
  throw new GanglionError("E_VERIFY_USAGE", message, {
    hint: "See `ganglion help verify`.",
    exitCode: ExitCode.usage,
  });
}

function findWitness(rule: string): Witness {
  const witness = witnessOf(rule);
  if (witness) return witness;
  throw new GanglionError("E_WITNESS", `there is no witness for ${rule}`, {
    hint: `There is one for: ${[...WITNESSES, ...QUERY_WITNESSES].map((each) => each.rule).join(", ")}; or say all.`,
    exitCode: ExitCode.usage,
  });
}

/** Installs nothing: a witness is worth a look, not a download that nobody asked for. */
async function envoyAtHand(): Promise<string | undefined> {
  try {
    const found = await findEnvoy({ install: false });
    say(`Envoy ${found.version}, from ${found.source}`);
    return found.path;
  } catch (error) {
    if (!(error instanceof GanglionError) || error.code !== "E_ENVOY_MISSING") throw error;
    say(`not run: ${error.message}; \`ganglion envoy which --install\` gets one`);
    return undefined;
  }
}

function asJson(witness: Witness, counters: Awaited<ReturnType<typeof runWitness>> | undefined) {
  const ports = examplePorts(witness);
  return {
    rule: witness.rule,
    shows: witness.shows,
    stands_for: witness.standsFor,
    configurations: { broken: witness.broken(ports), fixed: witness.fixed(ports) },
    counters: counters ?? null,
    holds: counters ? deviations(witness, counters).length === 0 : null,
  };
}
