// Options of commands that speak to a cluster, named as kubectl names them.

import { type Command, InvalidArgumentError, Option } from "commander";

/** Adds -n, --context and --kubeconfig. */
export function withClusterOptions(command: Command): Command {
  return withKubeconfig(
    command.option("-n, --namespace <namespace>", "namespace; by default the context's"),
  );
}

/** Adds --context and --kubeconfig. */
export function withKubeconfig(command: Command): Command {
  return command
    .option("--context <context>", "context of the kubeconfig; by default its current one")
    .option("--kubeconfig <file>", "kubeconfig; by default KUBECONFIG, then ~/.kube/config");
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** A day: whoever waits longer has a question for `status`. */
const DURATION_MS_MAX = 86_400_000;

/** `60s`, `2m`, `1h`, `500ms` or 0, as milliseconds. */
export function parseDuration(text: string): number {
  const [, amount, unit] = /^(\d{1,8})(ms|s|m|h)?$/.exec(text) ?? [];
  const perUnitMs = UNIT_MS[unit ?? ""] ?? (Number(amount) === 0 ? 1 : undefined);
  const durationMs = Number(amount) * (perUnitMs ?? NaN);
  if (durationMs <= DURATION_MS_MAX) return durationMs;
  throw new InvalidArgumentError(
    "It must be 0 or a duration of at most 24h, such as 500ms, 60s, 2m or 1h.",
  );
}

/** --wait, read as milliseconds into `waitMs`. */
export const waitOption = (): Option =>
  new Option("--wait <duration>", "how long the proxies may take; 0: do not ask them")
    .argParser(parseDuration)
    .default(60_000, "60s");
