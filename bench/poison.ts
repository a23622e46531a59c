// What one client can do to a key's threshold. It makes a fifth of the requests and chooses their
// evidence, in several ways, some of which know the threshold; the rest is healthy. Measured by the
// filter's own calibration in Wasm (build/calibration.lab.wasm): how far the threshold moves against
// a twin run in which the same requests are healthy, whether the alarms on an ordinary fault are
// still there afterwards, and what would happen without the guard. A step is a request, or a window
// of requests that is told by its largest evidence, which in the attack is always the attacker's.

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

/** How a run is played. */
interface Play {
  readonly traffic: Traffic;
  readonly alpha: number;
  /** None: the attacker is healthy too. */
  readonly strategy?: Strategy;
  readonly guarded: boolean;
  /** A step is a window of requests. */
  readonly windows: boolean;
  readonly random: Prng;
}

/** Requests of a window, of which the attacker makes its share. */
const WINDOW_REQUESTS = 20;

interface Run {
  /** Mean threshold in each tenth of the attack, Q8. */
  readonly tenths: readonly number[];
  /** Part of the faults after the attack that raised an alarm. */
  readonly recall: number;
}

function play(lab: CalibrationLab, options: Play): Run {
  const { traffic, alpha, strategy, guarded, windows, random } = options;
  const state = lab.freshState(0);
  const sums = new Float64Array(10);
  const found = new Set<number>();
  const { clients, warmUp, attack, apart } = traffic;
  for (let step = 0; step < clients.length; step++) {
    const part = (step - warmUp) / attack;
    const under = part >= 0 && part < 1;
    let client = clients[step]!;
    let seen = traffic.evidence[step]!;
    // The next largest of a window: a draw like the largest, unless the attacker hides that.
    let others = Math.min(seen, traffic.evidence[Math.max(0, step - 1)]!);
    if (under && strategy !== undefined && (windows || client === ATTACKER)) {
      const chosen = strategy(lab.wasm.threshold(state), part, random, step);
      if (client !== ATTACKER) others = seen;
      if (!windows || chosen > seen) [client, seen] = [ATTACKER, chosen];
    }
    const after = step - warmUp - attack;
    const fault = after >= 0 && after % apart < FAULTS.steps;
    if (fault) seen += FAULTS.evidence;
    if (windows) noteWindow(lab, state, traffic, step);
    const tag = guarded ? client : 0;
    const timeMs = step * STEP_MS;
    const flags = windows
      ? lab.wasm.window(state, seen, tag, others, timeMs, alpha)
      : lab.wasm.step(state, seen, tag, timeMs, alpha);
    if (under) sums[Math.floor(10 * part)]! += lab.wasm.threshold(state);
    if (fault && (flags & CALIBRATION_ALARM) !== 0) found.add(Math.floor(after / apart));
  }
  return {
    tenths: [...sums].map((sum) => (10 * sum) / attack),
    recall: found.size / FAULTS.count,
  };
}

/** Notes the requests of a window: of the attacker its share, of others what is left. */
function noteWindow(lab: CalibrationLab, state: number, { clients }: Traffic, step: number): void {
  const attacker = Math.round(SHARE * WINDOW_REQUESTS);
  for (let i = 0; i < WINDOW_REQUESTS; i++) {
    const other = clients[(step + 7 * i) % clients.length]!;
    lab.wasm.note(state, i < attacker || other === ATTACKER ? ATTACKER : other);
  }
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

/** What came of one strategy against its twin. */
interface Outcome {
  readonly shift: number;
  readonly worstTenth: number;
  readonly recall: number;
  readonly twinRecall: number;
  readonly unguarded: number;
}

/** Every strategy at one share, by requests and by windows. */
function playAll(lab: CalibrationLab, options: BenchOptions, share: number, label: string) {
  const random = seededPrng(options.seed).fork(label);
  const traffic = makeTraffic(random.fork("traffic"), options.quick ? 200 : 1000, share);
  const alpha = Math.round(share * 2 ** 30);
  const outcomes = new Map<string, Outcome>();
  for (const windows of [false, true]) {
    const common = { traffic, alpha, windows, guarded: true };
    const twin = play(lab, { ...common, random });
    for (const [name, strategy] of Object.entries(strategies)) {
      const own = () => random.fork(name);
      const run = play(lab, { ...common, strategy, random: own() });
      const open = play(lab, { ...common, strategy, guarded: false, random: own() });
      outcomes.set(`${name}${windows ? "_windows" : ""}`, {
        shift: shiftPct(run, twin),
        worstTenth: worstTenthPct(run, twin),
        recall: run.recall,
        twinRecall: twin.recall,
        unguarded: shiftPct(open, twin),
      });
    }
  }
  return outcomes;
}

async function run(options: BenchOptions): Promise<BenchResult> {
  const lab = CalibrationLab.start(readFileSync(resolve("build/calibration.lab.wasm")));
  const table = [["share", "strategy", "shift %", "worst tenth %", "recall", "unguarded shift %"]];
  const figures: Record<string, number> = {};
  const all: Outcome[] = [];
  for (const [share, label] of SHARES) {
    options.say(`poison: share ${share}`);
    for (const [name, outcome] of playAll(lab, options, share, label)) {
      all.push(outcome);
      figures[`${name}_shift_pct_${label}`] = rounded(outcome.shift, 1);
      const cells = [outcome.shift, outcome.worstTenth].map((value) => value.toFixed(1));
      const rest = [outcome.recall.toFixed(2), outcome.unguarded.toFixed(1)];
      table.push([label, name, ...cells, ...rest]);
    }
  }
  const largest = (of: (outcome: Outcome) => number) =>
    rounded(Math.max(...all.map((outcome) => Math.abs(of(outcome)))), 2);
  return {
    figures: {
      threshold_shift_pct: largest(({ shift }) => shift),
      threshold_shift_worst_tenth_pct: largest(({ worstTenth }) => worstTenth),
      threshold_shift_unguarded_pct: largest(({ unguarded }) => unguarded),
      recall_after: Math.min(...all.map(({ recall }) => recall)),
      recall_without_attack: Math.min(...all.map(({ twinRecall }) => twinRecall)),
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
