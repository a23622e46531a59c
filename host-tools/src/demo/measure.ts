// Figures of a demo run: per side, per phase, and the ones that the demo is about. Sorted arrays
// instead of histograms: a run has some ten thousand requests, and exact percentiles need no bound.

import type { DemoRun } from "./demo-run";
import { FLOOD, SLOW, floodingTenant, phaseNamed, type Phase, type Scenario } from "./scenario";

/** Time that the filter gets to notice before the slow arm's share counts. */
export const NOTICE_MS = 2000;

/** Of the tenants that behave well, unless said otherwise. */
export interface Figures {
  readonly requests: number;
  /** Answers with a status below 400. */
  readonly ok: number;
  /** 5xx, broken connections, timeouts. */
  readonly errors: number;
  /** 429 from the filter. */
  readonly refused: number;
  /** Of answers and timeouts, refusals left out. */
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** Share of each arm of the requests of all tenants that an arm answered. */
  readonly arm_share_pct: Readonly<Record<string, number>>;
  /** Requests of all tenants that were marked as anomalous. */
  readonly tagged: number;
}

export interface SideFigures extends Figures {
  readonly phases: Readonly<Record<string, Figures>>;
  /** Of the answered requests from NOTICE_MS after the arm went slow until it was healthy. */
  readonly slow_share_after_2s_pct: number;
  /** Requests of all tenants that the slow arm answered while it was slow, and the slowest of them. */
  readonly slow_arm_requests: number;
  readonly slow_arm_max_ms: number;
  readonly flood_admitted: number;
  /** How late the load generator sent: above some ms the machine was too busy for exact figures. */
  readonly generator_lag_p99_ms: number;
}

export interface FloodFigures {
  readonly tenant: string;
  readonly offered: number;
  readonly limit_per_second: number;
  readonly burst: number;
  /** Most that rate and burst allow in the flood's time. */
  readonly allowed: number;
}

/** @param includes which requests count, by index */
function figuresOf(run: DemoRun, scenario: Scenario, includes: (i: number) => boolean): Figures {
  const flooding = scenario.tenants.indexOf(floodingTenant(scenario));
  const latenciesMs: number[] = [];
  const arms = new Array<number>(scenario.arms.length).fill(0);
  const count = { requests: 0, ok: 0, errors: 0, refused: 0, tagged: 0 };
  for (let i = 0; i < run.atMs.length; i++) {
    if (!includes(i)) continue;
    const arm = run.arm[i]!;
    if (arm >= 0) arms[arm] = arms[arm]! + 1;
    count.tagged += run.tagged[i]!;
    if (run.tenant[i] === flooding) continue;
    const status = run.status[i]!;
    count.requests++;
    if (isError(status)) count.errors++;
    else if (status === 429) count.refused++;
    else if (status > 0 && status < 400) count.ok++;
    if (status !== 429 && status !== -2 && status !== 0) latenciesMs.push(run.latencyMs[i]!);
  }
  latenciesMs.sort((a, b) => a - b);
  const { requests, ok, errors, refused, tagged } = count;
  const answered = arms.reduce((sum, one) => sum + one, 0);
  const shares = scenario.arms.map(({ name }, i) => [name, percent(arms[i]!, answered)] as const);
  return {
    requests,
    ok,
    errors,
    refused,
    p50_ms: round(quantile(latenciesMs, 0.5)),
    p99_ms: round(quantile(latenciesMs, 0.99)),
    arm_share_pct: Object.fromEntries(shares),
    tagged,
  };
}

/** All figures of one side. */
export function sideFigures(run: DemoRun, scenario: Scenario): SideFigures {
  const within = (phase: Phase, lateMs = 0) => {
    return (i: number) => run.atMs[i]! >= phase.fromMs + lateMs && run.atMs[i]! < phase.untilMs;
  };
  const phases = scenario.phases.map((phase) => {
    return [phase.name, figuresOf(run, scenario, within(phase))] as const;
  });
  const late = figuresOf(run, scenario, within(phaseNamed(scenario, SLOW), NOTICE_MS));
  const isFlood = within(phaseNamed(scenario, FLOOD));
  const flooding = scenario.tenants.indexOf(floodingTenant(scenario));
  const isSlow = within(phaseNamed(scenario, SLOW));
  const slowArm = scenario.arms.findIndex((arm) => arm.name === scenario.slowArm);
  let admitted = 0;
  let caught = 0;
  let worstMs = 0;
  for (let i = 0; i < run.atMs.length; i++) {
    if (run.tenant[i] === flooding && isFlood(i) && run.status[i] !== 429) admitted++;
    if (run.arm[i] !== slowArm || !isSlow(i)) continue;
    caught++;
    worstMs = Math.max(worstMs, run.latencyMs[i]!);
  }
  return {
    ...figuresOf(run, scenario, () => true),
    phases: Object.fromEntries(phases),
    slow_share_after_2s_pct: late.arm_share_pct[scenario.slowArm]!,
    slow_arm_requests: caught,
    slow_arm_max_ms: Math.round(worstMs),
    flood_admitted: admitted,
    generator_lag_p99_ms: round(quantile(Float32Array.from(run.lagMs).sort(), 0.99)),
  };
}

/** What the flooding tenant sent, and what its limit allows. */
export function floodFigures(run: DemoRun, scenario: Scenario): FloodFigures {
  const tenant = floodingTenant(scenario);
  const index = scenario.tenants.indexOf(tenant);
  const { fromMs, untilMs } = phaseNamed(scenario, FLOOD);
  const offered = run.atMs.reduce((sum, atMs, i) => {
    return sum + (run.tenant[i] === index && atMs >= fromMs && atMs < untilMs ? 1 : 0);
  }, 0);
  const { name, limitPerSecond, limitBurst } = tenant;
  return {
    tenant: name,
    offered,
    limit_per_second: limitPerSecond,
    burst: limitBurst,
    allowed: Math.floor((limitPerSecond * (untilMs - fromMs)) / 1000) + limitBurst,
  };
}

/** 5xx, no HTTP, timeout; a request that was not run is no error. */
export function isError(status: number): boolean {
  return status >= 500 || status === 0 || status === -1;
}

/** Nearest rank. @param sorted ascending; 0 when it is empty */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) return 0;
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)]!;
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : round((100 * part) / whole);
}

/** One digit after the point: a load generator of this kind is not more exact. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
