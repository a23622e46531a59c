// Bad configurations and bad models, by the thousand, into a filter that has a good one: does it
// ever trap, does the good one stay in force, does each refusal say why? Thirteen kinds of input
// take turns (rig/hostile-inputs.ts): empty, truncated, wrong hash, wrong shape, wrong type, no
// number, NaN, oversize, random, odd values, mutated.
//
// 10,010 go into the embedded host (two workers, the release module), 50 of those that it refused
// into a real Envoy by extension discovery. After each one:
//   traps                 neither VM has trapped, the canary's included, and configure said yes
//   previous_config_kept  on each worker a request of the spent tier is still 429, another one
//                         still gets the arm and model version of the good configuration; metrics
//                         show its epoch and config_error 1. A bad first configuration lets
//                         requests pass untouched.
//   refusals_logged       one line per VM with a reason, the right one where the kind knows which
//   accepted_though_bad   accepted, but not by the host tool's own reader (must be 0)
// What is accepted because a mutation was valid ends the life of that proxy; the next input meets a
// new one, as a bad first configuration. In Envoy the logged reason must be the embedded host's,
// word for word.

import { EmbeddedProxy } from "../host-tools/src/embedded";
import { seededPrng } from "../host-tools/src/lib/prng";
import { readFilterModule } from "../host-tools/src/lib/filter-module";
import { readShippedModel } from "../host-tools/src/lib/shipped-model";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { HostileInputs, isValidInput, type HostileInput, type Refused } from "./rig/hostile-inputs";
import { hostileEnvoy, type EnvoyOutcome } from "./rig/hostile-envoy";
import { EmbeddedVictim, type Outcome } from "./rig/embedded-victim";
import { keptConfig, keptJson } from "./rig/kept-config";

const TRIED = 10_010;
const TRIED_QUICK = 650;
const ENVOY_TRIED = 50;
const ENVOY_TRIED_QUICK = 6;
/** Inputs that one embedded proxy sees, unless it accepts one. */
const PER_PROXY = 400;
const FAULTS_SHOWN = 20;

interface Tally {
  tried: number;
  accepted: number;
  refused: number;
  stale: number;
  traps: number;
  lost: number;
  unlogged: number;
  acceptedThoughBad: number;
  /** First few faults, for the reader. */
  readonly faults: string[];
}

function emptyTally(): Tally {
  return {
    tried: 0,
    accepted: 0,
    refused: 0,
    stale: 0,
    traps: 0,
    lost: 0,
    unlogged: 0,
    acceptedThoughBad: 0,
    faults: [],
  };
}

function count(tally: Tally, input: HostileInput, outcome: Outcome): void {
  tally.tried++;
  tally[outcome.result]++;
  if (outcome.trapped) tally.traps++;
  const problems = [...outcome.problems];
  if (outcome.result === "refused") {
    const isRight = input.reason === undefined || input.reason.test(outcome.reason);
    if (!isRight) problems.push(`reason: ${outcome.reason}`);
    if (!outcome.logged || !isRight) tally.unlogged++;
  } else if (!isValidInput(input.bytes)) {
    tally.acceptedThoughBad++;
    problems.push(`${outcome.result} though bad`);
  }
  if (!outcome.kept) tally.lost++;
  if (problems.length > 0 && tally.faults.length < FAULTS_SHOWN) {
    tally.faults.push(`${input.kind}: ${problems.join("; ")}: ${excerpt(input.bytes)}`);
  }
}

function excerpt(bytes: Buffer): string {
  const shown = bytes.toString("latin1").replace(/[^ -~]/g, ".");
  return shown.length <= 120 ? shown : `${shown.slice(0, 120)}... (${bytes.length} bytes)`;
}

async function runEmbedded(
  options: BenchOptions,
  total: number,
): Promise<{ tallies: Map<string, Tally>; refused: Refused[] }> {
  const artifact = await readShippedModel();
  const wasm = await readFilterModule();
  const newProxy = (seed: number): EmbeddedProxy =>
    new EmbeddedProxy({ wasm, workers: 2, seed, rootId: "g", failurePolicy: "FAIL_OPEN" });
  const random = seededPrng(options.seed).fork("hostile");
  const inputs = new HostileInputs(keptConfig(artifact, 2000), artifact, random);
  const tallies = new Map(inputs.kinds.map((kind) => [kind, emptyTally()]));
  const refused: Refused[] = [];
  let victim: EmbeddedVictim | undefined;
  for (let i = 0; i < total; i++) {
    const input = inputs.next();
    victim ??= new EmbeddedVictim(newProxy(options.seed + i), keptJson(artifact));
    const outcome = victim.suffer(input.bytes);
    count(tallies.get(input.kind) as Tally, input, outcome);
    if (outcome.result === "refused") refused.push({ input, reason: outcome.reason });
    if (outcome.result === "accepted" || outcome.trapped || victim.suffered >= PER_PROXY) {
      victim = undefined;
    }
    if ((i + 1) % 1000 === 0) options.say(`  ${i + 1} of ${total} in the embedded host`);
  }
  return { tallies, refused };
}

/** As many refused inputs, spread over all kinds, that survive the way through Envoy's own JSON. */
function choose(refused: readonly Refused[], total: number): Refused[] {
  const fit = refused.filter(({ input: { bytes } }) => {
    return Buffer.from(bytes.toString("utf8")).equals(bytes);
  });
  const kinds = [...new Set(fit.map(({ input }) => input.kind))];
  const queues = kinds.map((kind) => fit.filter(({ input }) => input.kind === kind));
  const chosen: Refused[] = [];
  // Envoy takes a configuration it has already seen for unchanged, so each is sent once.
  const seen = new Set<string>();
  for (let i = 0; chosen.length < total && queues.some((queue) => queue.length > 0); i++) {
    const next = (queues[i % queues.length] as Refused[]).shift();
    const key = next?.input.bytes.toString("latin1") ?? "";
    if (next === undefined || seen.has(key)) continue;
    seen.add(key);
    chosen.push(next);
  }
  return chosen;
}

async function run(options: BenchOptions): Promise<BenchResult> {
  const total = options.quick ? TRIED_QUICK : TRIED;
  options.say(`${total} inputs into the embedded host`);
  const { tallies, refused } = await runEmbedded(options, total);
  const chosen = choose(refused, options.quick ? ENVOY_TRIED_QUICK : ENVOY_TRIED);
  options.say(`${chosen.length} of the refused ones into a real Envoy`);
  const envoy = await hostileEnvoy(options, chosen);
  return report(options, tallies, envoy);
}

function report(
  { seed, say }: BenchOptions,
  tallies: ReadonlyMap<string, Tally>,
  envoy: EnvoyOutcome,
): BenchResult {
  const all = [...tallies.values()];
  const sum = (field: Exclude<keyof Tally, "faults">): number =>
    all.reduce((total, tally) => total + tally[field], 0);
  const faults = [...all.flatMap((tally) => tally.faults), ...envoy.faults];
  for (const fault of faults.slice(0, FAULTS_SHOWN)) say(fault);
  return {
    figures: {
      bench: "hostile",
      seed,
      tried: sum("tried"),
      accepted: sum("accepted"),
      refused: sum("refused"),
      stale: sum("stale"),
      traps: sum("traps") + envoy.traps,
      previous_config_kept: sum("lost") === 0 && envoy.lost === 0,
      refusals_logged: sum("unlogged") === 0 && envoy.unlogged === 0,
      accepted_though_bad: sum("acceptedThoughBad"),
      envoy_tried: envoy.tried,
      envoy_refused: envoy.refused,
      envoy_traps: envoy.traps,
      envoy_previous_config_lost: envoy.lost,
      envoy_refusals_unlogged: envoy.unlogged,
      envoy_healed: envoy.healed,
    },
    table: [
      [
        "kind",
        "tried",
        "refused",
        "accepted",
        "stale",
        "traps",
        "lost",
        "unlogged",
        "bad accepted",
      ],
      ...[...tallies].map(([kind, tally]) => [
        kind,
        `${tally.tried}`,
        `${tally.refused}`,
        `${tally.accepted}`,
        `${tally.stale}`,
        `${tally.traps}`,
        `${tally.lost}`,
        `${tally.unlogged}`,
        `${tally.acceptedThoughBad}`,
      ]),
    ],
  };
}

export const bench: Bench = {
  name: "hostile",
  summary: "ten thousand bad configurations and models: traps, kept state, logged reasons",
  run,
};
