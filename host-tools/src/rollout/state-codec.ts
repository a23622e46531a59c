// A rollout's state as text: into the annotation of the VirtualService, in the same write as the
// weights, and into the annotation of the lease with every check. What is read back may have been
// edited by anybody, so everything is looked at before it is believed.

import { ExitCode, GanglionError } from "../lib/errors";
import { areCounts, type ArmCounts, type Block } from "./arm-counts";
import type { Decider, Phase, RolloutState, StepRecord } from "./rollout-state";
import type { EvidenceState, TestState } from "./sequential-test";
import { isRecord } from "../lib/is-record";

const FORMAT = 1;
const PHASES: readonly Phase[] = [
  "progressing",
  "paused",
  "completed",
  "rolled_back",
  "inconclusive",
];
const DECIDERS: readonly Decider[] = [
  "comparison",
  "limit",
  "latency",
  "guard",
  "operator",
  "analysis",
  "no-data",
  "webhook",
];

/** One line of JSON. */
export function encodeState(state: RolloutState): string {
  return JSON.stringify({ format: FORMAT, ...state }, roundedDown);
}

/** Evidence only ever loses by rounding. */
function roundedDown(key: string, value: unknown): unknown {
  if (key === "logs") return (value as number[]).map((log) => Math.floor(log * 1e4) / 1e4);
  return value;
}

/**
 * @param where how messages call the place, e.g. `VirtualService ai/llm-service`
 * @throws GanglionError E_ROLLOUT_STATE
 */
export function decodeState(text: string, where: string): RolloutState {
  const fail = (what: string): never => {
    throw new GanglionError("E_ROLLOUT_STATE", `${where} has no readable rollout: ${what}`, {
      hint: "Set the weights by hand, remove the annotation ganglion.dev/rollout and start again.",
      exitCode: ExitCode.badInput,
    });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail("it is no JSON");
  }
  if (!isRecord(value)) return fail("it is no object");
  if (value["format"] !== FORMAT)
    return fail(`format is ${String(value["format"])}, not ${FORMAT}`);
  const { format: _format, ...rest } = value;
  const wrong = checks.find(([, isGood]) => !isGood(rest))?.[0];
  if (wrong !== undefined) return fail(`${wrong} is ${JSON.stringify(rest[wrong])}`);
  return rest as unknown as RolloutState;
}

type Plain = Readonly<Record<string, unknown>>;

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;
const isNumber = (value: unknown): value is number => Number.isFinite(value);
const isPercent = (value: unknown): boolean => isNumber(value) && value >= 0 && value <= 100;

function isCounts(value: unknown): boolean {
  return isRecord(value) && areCounts(value as unknown as ArmCounts);
}

function isBlock(value: unknown): value is Block {
  return isRecord(value) && isCounts(value["stable"]) && isCounts(value["canary"]);
}

function isEvidence(value: unknown): value is EvidenceState {
  const isBet = (bet: unknown): boolean =>
    isRecord(bet) &&
    isCount(bet["began"]) &&
    Array.isArray(bet["logs"]) &&
    bet["logs"].every(isNumber);
  return (
    isRecord(value) &&
    isCount(value["blocks"]) &&
    Array.isArray(value["bets"]) &&
    value["bets"].every(isBet)
  );
}

function isTests(value: unknown): value is TestState {
  if (!isRecord(value)) return false;
  const history = value["history"];
  return (
    isEvidence(value["comparison"]) &&
    isEvidence(value["limit"]) &&
    isRecord(history) &&
    isNumber(history["requests"]) &&
    isNumber(history["errors"])
  );
}

function isStep(value: unknown): value is StepRecord {
  if (!isRecord(value)) return false;
  const numbers = ["startedMs", "endedMs", "comparison", "limit"].map((key) => value[key]);
  const { unwatchedMs: unwatched } = value;
  if (unwatched !== undefined && !isCount(unwatched)) return false;
  return isPercent(value["weight"]) && numbers.every(isNumber) && isBlock(value["counts"]);
}

function isBudget(value: unknown): boolean {
  return (
    isRecord(value) && ["hourStartedMs", "copies", "lookedMs"].every((key) => isCount(value[key]))
  );
}

const checks: readonly (readonly [key: string, isGood: (state: Plain) => boolean])[] = [
  ["id", ({ id }) => typeof id === "string" && /^[a-z0-9-]{1,63}$/.test(id)],
  ["stable", ({ stable }) => typeof stable === "string"],
  ["canary", ({ canary }) => typeof canary === "string"],
  ["revision", ({ revision }) => isCount(revision)],
  ["phase", ({ phase }) => PHASES.includes(phase as Phase)],
  ["step", ({ step }) => isCount(step)],
  ["weight", ({ weight }) => isPercent(weight)],
  ["mirrorPercent", ({ mirrorPercent }) => isPercent(mirrorPercent)],
  ["startedMs", ({ startedMs }) => isCount(startedMs)],
  ["stepStartedMs", ({ stepStartedMs }) => isCount(stepStartedMs)],
  ["checkedMs", ({ checkedMs }) => isCount(checkedMs)],
  ["heldSinceMs", ({ heldSinceMs: held }) => held === undefined || isCount(held)],
  ["failedChecks", ({ failedChecks }) => isCount(failedChecks)],
  ["unwatchedMs", ({ unwatchedMs: ms }) => ms === undefined || isCount(ms)],
  ["counts", ({ counts }) => isBlock(counts)],
  ["tests", ({ tests }) => isTests(tests)],
  ["mirrorBudget", ({ mirrorBudget }) => isBudget(mirrorBudget)],
  ["done", ({ done }) => Array.isArray(done) && done.every(isStep)],
  ["decidedBy", ({ decidedBy: by }) => by === undefined || DECIDERS.includes(by as Decider)],
  ["reason", ({ reason }) => typeof reason === "string"],
];
