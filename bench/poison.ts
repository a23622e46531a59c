// What one client can do to a key's threshold. It makes a fifth of the steps and chooses their evidence, in
// several ways, some of which know the threshold; the rest of the traffic is healthy. Measured by the filter's
// own calibration in Wasm (build/calibration.lab.wasm): how far the threshold moves against a twin run in which
// the same steps are healthy, whether the alarms on an ordinary fault are still there afterwards, and what would
// happen without the guard.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { CalibrationLab } from "../host-tools/src/calibration/calibration-lab";
import { CALIBRATION_ALARM } from "../host-tools/src/contract";
import { type Prng, seededPrng } from "../host-tools/src/lib/prng";
import { log2 } from "../host-tools/src/model/exact-math";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { rounded } from "./statistics";

/** Part of the steps that the attacker makes. */
const SHARE = 0.2;
const STEP_MS = 100;
const HONEST_CLIENTS = 50;
const ATTACKER = 0xbad0bad;
const SHARES = [
  [0.01, "1pct"],
  [0.001, "01pct"],
] as const;
/**
 * Faults after the attack: how many, how long, and how much evidence they add. They stand so far apart, in
 * exceedances that the share allows, that they do not become usual themselves.
 */
const FAULTS = { count: 40, steps: 20, evidence: 1100, apartExceedances: 10 } as const;

/** What the attacker sends, given the threshold in force and how far the attack has got, 0 to 1. */
type Strategy = (threshold: number, part: number, random: Prng, step: number) => number;

const strategies: Readonly<Record<string, Strategy>> = {
  highest: () => 2560,
  just_above: (threshold) => threshold + 1,
  just_below: (threshold) => threshold - 1,
  lowest: () => 0,
  ramp: (_, part) => Math.round(2560 * part),
  bursts: (_, __, ___, step) => (step % 100 < 20 ? 2560 : 0),
  pairs: (threshold, _, ___, step) => (step % 50 < 2 ? threshold + 200 : 100),
  strange: (_, __, random) => 2 * evidence(random),
};

/** Evidence of a healthy step: p-values uniform, so -log10 of them exponential. */
function evidence(random: Prng): number {
  return Math.min(2560, Math.round((-256 * log2(1 - random.uniform())) / log2(10)));
}

/** A key's traffic: who made each step, and its evidence were all of them healthy. */
interface Traffic {
  readonly clients: Uint32Array;
  readonly evidence: Int16Array;
  readonly warmUp: number;
  readonly attack: number;
  /** Steps from one fault to the next, afterwards. */
  readonly apart: number;
}

/** One step in three says what the last one said: neighbours in time are alike. */
const ALIKE = 0.33;

/** @param exceedances that the share allows during the attack */
function makeTraffic(random: Prng, exceedances: number, share: number): Traffic {
  const attack = Math.round(exceedances / share);
  const warmUp = Math.round(attack / 4);
  const apart = Math.round(FAULTS.apartExceedances / share);
  const count = warmUp + attack + FAULTS.count * apart;
  const clients = new Uint32Array(count);
  const honest = Array.from({ length: HONEST_CLIENTS }, () => random.u32());
  const healthy = new Int16Array(count);
  for (let step = 0; step < count; step++) {
    const attacks = random.uniform() < SHARE;
    clients[step] = attacks ? ATTACKER : honest[random.below(HONEST_CLIENTS)]!;
    const alike = step > 0 && random.uniform() < ALIKE;
    healthy[step] = alike ? healthy[step - 1]! : evidence(random);
  }
  return { clients, evidence: healthy, warmUp, attack, apart };
}

interface Run {
  /** Mean threshold in each tenth of the attack, Q8. */
  readonly tenths: readonly number[];
  /** Part of the faults after the attack that raised an alarm. */
  readonly recall: number;
}

function play(
  lab: CalibrationLab,
  traffic: Traffic,
  alpha: number,
  strategy: Strategy | undefined,
  guarded: boolean,
  random: Prng,
): Run {
  const state = lab.freshState(0);
  const sums = new Float64Array(10);
  const found = new Set<number>();
  const { clients, warmUp, attack, apart } = traffic;
  for (let step = 0; step < clients.length; step++) {
    const part = (step - warmUp) / attack;
    const under = part >= 0 && part < 1;
    const client = clients[step]!;
    let seen = traffic.evidence[step]!;
    if (under && strategy !== undefined && client === ATTACKER) {
      seen = strategy(lab.wasm.threshold(state), part, random, step);
    }
    const after = step - warmUp - attack;
    const fault = after >= 0 && after % apart < FAULTS.steps;
    if (fault) seen += FAULTS.evidence;
    const flags = lab.wasm.step(state, seen, guarded ? client : 0, step * STEP_MS, alpha);
    if (under) sums[Math.floor(10 * part)]! += lab.wasm.threshold(state);
    if (fault && (flags & CALIBRATION_ALARM) !== 0) found.add(Math.floor(after / apart));
  }
  return {
    tenths: [...sums].map((sum) => (10 * sum) / attack),
    recall: found.size / FAULTS.count,
  };
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Difference of two runs' thresholds in the second half of the attack, in per cent of the twin's. */
function shiftPct(run: Run, twin: Run): number {
  const usual = mean(twin.tenths.slice(5));
  return (100 * (mean(run.tenths.slice(5)) - usual)) / usual;
}

/** The largest such difference in any tenth of the attack, its beginning included. */
function worstTenthPct(run: Run, twin: Run): number {
  const shifts = run.tenths.map((tenth, i) => (100 * (tenth - twin.tenths[i]!)) / twin.tenths[i]!);
  return shifts.reduce((most, shift) => (Math.abs(shift) > Math.abs(most) ? shift : most), 0);
}

const larger = (a: number, b: number) => (Math.abs(b) > Math.abs(a) ? b : a);

async function run(options: BenchOptions): Promise<BenchResult> {
  const lab = CalibrationLab.start(readFileSync(resolve("build/calibration.lab.wasm")));
  const exceedances = options.quick ? 200 : 1000;
  const table = [["share", "strategy", "shift %", "worst tenth %", "recall", "unguarded shift %"]];
  const figures: Record<string, number> = {};
  let worst = 0;
  let worstTenth = 0;
  let worstUnguarded = 0;
  let recall = 1;
  let recallTwin = 1;
  for (const [share, label] of SHARES) {
    const random = seededPrng(options.seed).fork(label);
    const traffic = makeTraffic(random.fork("traffic"), exceedances, share);
    const alpha = Math.round(share * 2 ** 30);
    const twin = play(lab, traffic, alpha, undefined, true, random);
    recallTwin = Math.min(recallTwin, twin.recall);
    for (const [name, strategy] of Object.entries(strategies)) {
      const guarded = play(lab, traffic, alpha, strategy, true, random.fork(name));
      const open = play(lab, traffic, alpha, strategy, false, random.fork(name));
      const shift = shiftPct(guarded, twin);
      const tenth = worstTenthPct(guarded, twin);
      const unguarded = shiftPct(open, twin);
      worst = larger(worst, shift);
      worstTenth = larger(worstTenth, tenth);
      worstUnguarded = larger(worstUnguarded, unguarded);
      recall = Math.min(recall, guarded.recall);
      figures[`${name}_shift_pct_${label}`] = rounded(shift, 1);
      const cells = [shift, tenth].map((value) => value.toFixed(1));
      table.push([label, name, ...cells, guarded.recall.toFixed(2), unguarded.toFixed(1)]);
    }
  }
  return {
    figures: {
      threshold_shift_pct: rounded(Math.abs(worst), 2),
      threshold_shift_worst_tenth_pct: rounded(Math.abs(worstTenth), 2),
      threshold_shift_unguarded_pct: rounded(Math.abs(worstUnguarded), 2),
      recall_after: rounded(recall, 3),
      recall_without_attack: rounded(recallTwin, 3),
      attacker_share_pct: 100 * SHARE,
      ...figures,
    },
    table,
  };
}

export const bench: Bench = {
  name: "poison",
  summary: "what one client can do to a key's threshold",
  run,
};
