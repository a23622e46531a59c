// What happens in the demo: who sends how much, which arms there are, and what goes wrong when. One
// value that both engines and both sides (with and without the filter) are driven by, so that the two
// sides of a run differ in the filter and in nothing else.

import type { Fault } from "../rig/upstream/fault-schedule";
import type { LlmLaw } from "../rig/upstream/latency-law";

export interface Phase {
  readonly name: string;
  /** One sentence for the reader. */
  readonly story: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface DemoArm {
  readonly name: string;
  readonly law: LlmLaw;
  /** Requests in service at once; the others wait. */
  readonly slots: number;
}

export interface DemoTenant {
  readonly name: string;
  readonly tier: string;
  /** Outside of the flood. */
  readonly rateHz: number;
  /** Sent on top while the flood lasts; 0 behaves well. */
  readonly floodRateHz: number;
  /** What the policy allows this tenant. */
  readonly limitPerSecond: number;
  readonly limitBurst: number;
}

export interface Scenario {
  readonly durationMs: number;
  readonly phases: readonly Phase[];
  readonly arms: readonly DemoArm[];
  readonly slowArm: string;
  readonly slowFactor: number;
  readonly tenants: readonly DemoTenant[];
  /** After this a client gives up. */
  readonly timeoutMs: number;
  readonly outputTokensMax: number;
}

export const DURATION_DEFAULT_S = 38;
/** Shorter, and no phase holds enough requests for a percentile. */
export const DURATION_MIN_S = 8;
export const DURATION_MAX_S = 55;

export const SLOW_FACTOR = 10;
export const WARM_UP = "warm-up";
export const SLOW = "slow arm";
export const FLOOD = "flood";
export const RECOVERY = "recovery";

/** Shares of the whole duration: 8, 12, 10 and 8 of 38 s. */
const SHARES: readonly (readonly [name: string, share: number])[] = [
  [WARM_UP, 8 / 38],
  [SLOW, 12 / 38],
  [FLOOD, 10 / 38],
  [RECOVERY, 8 / 38],
];

/** Mean service times with the recorded tokens are 85, 67 and 49 ms: 10 slots carry 120 to 200 rps. */
const ARMS: readonly DemoArm[] = [
  { name: "large", slots: 10, law: llm(20, 0.0018, 0.13) },
  { name: "medium", slots: 10, law: llm(15, 0.0015, 0.1) },
  { name: "small", slots: 10, law: llm(10, 0.0012, 0.07) },
];

const TENANTS: readonly DemoTenant[] = [
  tenant("acme", "enterprise", 80, 0, 300),
  tenant("birch", "premium", 45, 0, 200),
  tenant("cedar", "free", 15, 0, 40),
  tenant("delta", "free", 10, 500, 40),
];

function llm(ttftMs: number, perPromptTokenMs: number, perTokenMs: number): LlmLaw {
  return { kind: "llm", ttftMs, perPromptTokenMs, perTokenMs, sigma: 0.15 };
}

function tenant(
  name: string,
  tier: string,
  rateHz: number,
  floodRateHz: number,
  limitPerSecond: number,
): DemoTenant {
  return { name, tier, rateHz, floodRateHz, limitPerSecond, limitBurst: limitPerSecond };
}

/** @param durationS in [DURATION_MIN_S, DURATION_MAX_S] */
export function buildScenario(durationS: number = DURATION_DEFAULT_S): Scenario {
  const durationMs = Math.round(durationS * 1000);
  const phases: Phase[] = [];
  let fromMs = 0;
  for (const [name, share] of SHARES) {
    const untilMs = phases.length === SHARES.length - 1 ? durationMs : fromMs + share * durationMs;
    phases.push({ name, story: storyOf(name), fromMs, untilMs: Math.round(untilMs) });
    fromMs = Math.round(untilMs);
  }
  return {
    durationMs,
    phases,
    arms: ARMS,
    slowArm: "large",
    slowFactor: SLOW_FACTOR,
    tenants: TENANTS,
    timeoutMs: 5000,
    outputTokensMax: 600,
  };
}

function storyOf(name: string): string {
  switch (name) {
    case WARM_UP:
      return "all arms healthy";
    case SLOW:
      return `large answers ${SLOW_FACTOR}x slower, every answer still 200`;
    case FLOOD:
      return "tenant delta sends 50x its usual traffic";
    default:
      return "everything back to normal";
  }
}

/** @throws RangeError for a name that is no phase; names come from this file */
export function phaseNamed(scenario: Scenario, name: string): Phase {
  const phase = scenario.phases.find((one) => one.name === name);
  if (phase === undefined) throw new RangeError(`no phase ${name}`);
  return phase;
}

/** The phase at a moment; the last one afterwards. */
export function phaseAt(scenario: Scenario, atMs: number): Phase {
  const { phases } = scenario;
  return phases.find((phase) => atMs < phase.untilMs) ?? phases[phases.length - 1]!;
}

/** The tenant that floods. */
export function floodingTenant(scenario: Scenario): DemoTenant {
  return scenario.tenants.find((one) => one.floodRateHz > 0)!;
}

/** What goes wrong with an arm; empty for the others. */
export function faultsOf(scenario: Scenario, arm: string): Fault[] {
  if (arm !== scenario.slowArm) return [];
  const { fromMs, untilMs } = phaseNamed(scenario, SLOW);
  return [{ atMs: fromMs, untilMs, latencyFactor: scenario.slowFactor }];
}
