// `ganglion verify --admin HOST:PORT --policy FILE`: does a running proxy do what the policy says?

import { compilePolicy } from "../config/policy-compile";
import { ExitCode, GanglionError } from "../lib/errors";
import { inputName, readTextInput } from "../lib/input";
import { writeOutput } from "../lib/output";
import { paint, say, stdoutPaint } from "../lib/talk";
import { adminPages, checkProxy, proxyJson, proxyState, proxyText } from "../proxy-check";

export interface VerifyProxyOptions {
  /** `HOST:PORT` of Envoy's admin. */
  readonly admin: string;
  readonly policy?: string;
  /** The one service to look at. */
  readonly service?: string;
  readonly output?: string;
  /** Of the other kinds of verify. */
  readonly [flag: string]: unknown;
}

/** What reads objects, and says nothing of a proxy. */
const OBJECT_FLAGS = ["cluster", "allNamespaces", "rule", "ignore", "fix", "analyze", "witness"];

/**
 * Answers on stdout; 79 if one of them is a no.
 *
 * @throws GanglionError E_VERIFY_USAGE, E_POLICY, E_PROXY_ADDRESS, E_PROXY_ADMIN, E_PROXY_SERVICE
 */
export async function runVerifyProxy(
  paths: readonly string[],
  options: VerifyProxyOptions,
): Promise<ExitCode> {
  const { admin, policy: file, output = "text" } = options;
  if (paths.length > 0) throw usage(`--admin reads a proxy, and ${paths[0]} is given`);
  const other = OBJECT_FLAGS.find((flag) => options[flag] !== undefined);
  if (other !== undefined) {
    const flag = other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw usage(`--admin reads a proxy and no objects, and --${flag} is given`);
  }
  if (file === undefined) throw usage("--admin needs --policy, which says what the proxy shall do");
  if (!["text", "json"].includes(output)) throw usage(`--admin prints text or json, not ${output}`);
  const { policy, config } = compilePolicy(await readTextInput(file), inputName(file));
  const state = proxyState(await adminPages(admin), admin);
  const check = checkProxy(policy, config, state, options.service);
  const text = output === "json" ? proxyJson(check) : proxyText(check, stdoutPaint());
  await writeOutput(text, undefined);
  const count = (verdict: string): number =>
    check.answers.filter((answer) => answer.verdict === verdict).length;
  const no = count("no");
  const told = no === 0 ? paint.good("no: 0") : paint.bad(`no: ${no}`);
  say(`yes: ${count("yes")}, ${told}, not here: ${count("absent")}`);
  return no === 0 ? ExitCode.ok : ExitCode.findings;
}

function usage(message: string): GanglionError {
  return new GanglionError("E_VERIFY_USAGE", message, {
    hint: "See `ganglion help verify`.",
    exitCode: ExitCode.usage,
  });
}
