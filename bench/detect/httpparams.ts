// Detection of attacks in parameter values, on the HttpParams data: a supervised table on a held-out tenth,
// and a table that has seen healthy values alone. Trained here, scored by the filter's own code in Wasm
// (build/content.lab.wasm). Each payload travels as a browser would send it, percent-encoded in a query.

import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ContentOptions, buildContent } from "../../host-tools/src/content/build-content";
import { decodeContent, encodeContent } from "../../host-tools/src/content/content-artifact";
import { ContentLab } from "../../host-tools/src/content/content-lab";
import { shuffle } from "../../host-tools/src/content/content-trainer";
import { evidenceOf } from "../../host-tools/src/content/evidence-curve";
import { type Payload, readPayloads } from "../../host-tools/src/content/payload-data";
import { GanglionError } from "../../host-tools/src/lib/errors";
import { seededPrng } from "../../host-tools/src/lib/prng";
import type { BenchResult } from "../bench";
import type { DetectOptions } from "../detect";
import { rounded } from "../statistics";

/** Folds of the cross-validation; the first is the held-out tenth of the headline. */
const FOLDS = 10;
const ENTRIES = 4096;
/** False alarms that the one-class threshold is set for, on healthy values kept from its training. */
const ONE_CLASS_SHARE = 0.015;

/** Counts of one fold. */
interface Tally {
  attacks: number;
  healthy: number;
  /** Supervised. */
  found: number;
  falseAlarms: number;
  /** One-class. */
  oneClassFound: number;
  oneClassFalseAlarms: number;
  missedByKind: Map<string, number>;
}

/** Every file of the set, each payload once. */
function readSet(folder: string): Payload[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".csv"));
  const payloads = files
    .sort()
    .flatMap((name) => readPayloads(readFileSync(join(folder, name), "utf8"), name));
  return [...new Map(payloads.map((row) => [row.payload, row])).values()];
}

function testFold(lab: ContentLab, training: Payload[], test: Payload[], seed: number): Tally {
  const options: ContentOptions = { seed, name: "httpparams", modelVersion: 1, entries: ENTRIES };
  const artifact = buildContent(training, options);
  const status = lab.load(encodeContent(artifact));
  if (status !== 0) throw new GanglionError("E_BENCH_ARTIFACT", `refused with status ${status}`);
  return tallyOf(lab, artifact.attackScore, test);
}

/** Scores payloads with what the laboratory has loaded. */
function tallyOf(lab: ContentLab, attackScore: number, test: readonly Payload[]): Tally {
  const alarm = evidenceOf(ONE_CLASS_SHARE);
  const tally: Tally = {
    attacks: 0,
    healthy: 0,
    found: 0,
    falseAlarms: 0,
    oneClassFound: 0,
    oneClassFalseAlarms: 0,
    missedByKind: new Map(),
  };
  for (const { target, attack, kind } of test) {
    const score = lab.score(target);
    const called = score.supervised >= attackScore;
    const unusual = score.oneClassEvidence >= alarm;
    tally[attack ? "attacks" : "healthy"]++;
    if (called) tally[attack ? "found" : "falseAlarms"]++;
    else if (attack) tally.missedByKind.set(kind, (tally.missedByKind.get(kind) ?? 0) + 1);
    if (unusual) tally[attack ? "oneClassFound" : "oneClassFalseAlarms"]++;
  }
  return tally;
}

function figuresOf(tallies: readonly Tally[], suffix = ""): Record<string, number> {
  const sum = (field: Exclude<keyof Tally, "missedByKind">) =>
    tallies.reduce((all, tally) => all + tally[field], 0);
  const missed = sum("attacks") - sum("found");
  const f1 = (2 * sum("found")) / (2 * sum("found") + missed + sum("falseAlarms"));
  return {
    [`f1${suffix}`]: rounded(f1, 5),
    [`fpr${suffix}`]: rounded(sum("falseAlarms") / sum("healthy"), 5),
    [`one_class_recall${suffix}`]: rounded(sum("oneClassFound") / sum("attacks"), 4),
    [`one_class_fpr${suffix}`]: rounded(sum("oneClassFalseAlarms") / sum("healthy"), 4),
  };
}

/** The model that ships, which has seen none of these data. */
function shippedFigures(lab: ContentLab, payloads: readonly Payload[]): Record<string, number> {
  const bytes = readFileSync(resolve("wasmplugin/models/content.gngl"));
  const { attackScore } = decodeContent(bytes);
  lab.load(bytes);
  const tally = tallyOf(lab, attackScore, payloads);
  return figuresOf([tally], "_shipped");
}

/** Nanoseconds per byte of a healthy target, median of rounds. */
function costPerByte(lab: ContentLab, quick: boolean): number {
  const target = Buffer.from("/api/v2/orders/8812/items?page=3&sort=created_at&fields=id%2Cname");
  lab.score(target);
  const count = quick ? 20_000 : 200_000;
  lab.wasm.repeat(target.length, count);
  const rounds = Array.from({ length: 7 }, () => {
    const start = process.hrtime.bigint();
    lab.wasm.repeat(target.length, count);
    return Number(process.hrtime.bigint() - start) / count / target.length;
  });
  return rounds.sort((a, b) => a - b)[3]!;
}

/** The figures of `bench detect --set httpparams`. */
export async function detect(options: DetectOptions): Promise<BenchResult> {
  const payloads = readSet(resolve(options.dataDir, "httpparams"));
  const random = seededPrng(options.seed).fork("folds");
  const mixed = shuffle(payloads, random);
  const lab = ContentLab.start(readFileSync(resolve("build/content.lab.wasm")));
  const started = performance.now();
  const tallies: Tally[] = [];
  for (let fold = 0; fold < (options.quick ? 1 : FOLDS); fold++) {
    const test = mixed.filter((_, i) => i % FOLDS === fold);
    const training = mixed.filter((_, i) => i % FOLDS !== fold);
    tallies.push(testFold(lab, training, test, options.seed));
    options.say(`httpparams: fold ${fold + 1}: ${JSON.stringify(figuresOf(tallies.slice(-1)))}`);
  }
  const seconds = (performance.now() - started) / 1000 / tallies.length;
  const missed = new Map<string, number>();
  for (const tally of tallies) {
    for (const [kind, n] of tally.missedByKind) missed.set(kind, (missed.get(kind) ?? 0) + n);
  }
  return {
    figures: {
      ...figuresOf(tallies.slice(0, 1)),
      ...(options.quick ? {} : figuresOf(tallies, "_folds")),
      ...shippedFigures(lab, payloads),
      missed_by_kind: Object.fromEntries([...missed].sort()),
      payloads: payloads.length,
      test: tallies[0]!.attacks + tallies[0]!.healthy,
      entries: ENTRIES,
      training_s: rounded(seconds, 2),
      ns_per_byte: rounded(costPerByte(lab, options.quick), 2),
    },
  };
}
