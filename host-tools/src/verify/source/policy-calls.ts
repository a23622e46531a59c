// The calls of a policy file, for the rules that follow chains. Only they are read here: `ganglion
// render` judges the file as a whole.

import { parse } from "yaml";
import { ExitCode, GanglionError } from "../../lib/errors";
import { inputName } from "../../lib/input";
import type { ToldCalls } from "../mesh/call-graph";
import type { ToldSequence } from "../mesh/call-sequence";
import { isRecord } from "../../lib/is-record";

/** @throws GanglionError E_POLICY_CALLS */
export function readToldCalls(file: string, text: string): ToldCalls {
  const policy = parsed(file, text);
  const calls = member(policy, "calls");
  const names = isRecord(calls) ? Object.entries(calls) : [];
  for (const [from, targets] of names) {
    if (Array.isArray(targets) && targets.every((name) => typeof name === "string")) continue;
    throw mistake(`${inputName(file)}: calls.${from} must be a list of names of services`);
  }
  const namespace = member(member(policy, "mesh"), "namespace");
  return {
    from: inputName(file),
    namespace: typeof namespace === "string" ? namespace : "default",
    calls: Object.fromEntries(names) as ToldCalls["calls"],
    sequences: sequencesOf(member(policy, "services"), inputName(file)),
  };
}

/** `waits_for` of every route. */
function sequencesOf(services: unknown, file: string): ToldSequence[] {
  const named = isRecord(services) ? Object.entries(services) : [];
  return named.flatMap(([from, service]) =>
    listOf(member(service, "routes")).flatMap((route) => {
      const told = member(route, "waits_for");
      if (told === undefined || told === null) return [];
      const name = member(route, "name");
      const steps = listOf(told).map((step) =>
        Array.isArray(step) ? (step as unknown[]) : [step],
      );
      if (!Array.isArray(told) || !steps.flat().every((one) => typeof one === "string")) {
        const where = `services.${from}.routes.${String(name)}.waits_for`;
        throw mistake(`${file}: ${where} must be a list of services and lists of them`);
      }
      const own = typeof name === "string" ? name : undefined;
      return [{ from, route: own, steps: steps as string[][] }];
    }),
  );
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function parsed(file: string, text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw mistake(`${inputName(file)}: ${reason}`, cause);
  }
}

function mistake(message: string, cause?: unknown): GanglionError {
  return new GanglionError("E_POLICY_CALLS", message, {
    cause,
    hint: "Name a policy file with `calls: {caller: [callee, ...]}`.",
    exitCode: ExitCode.badInput,
  });
}

function member(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}
