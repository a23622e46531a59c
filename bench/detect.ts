// Detection on public data, one set a run: `bench detect --set asd|smd|nab|httpparams [--data DIR]`.
// Each set has its own way to be measured; what they share is that DIR has the layout of the data's
// README, so that the same command runs on other parts of the sets.

import { ExitCode, GanglionError } from "../host-tools/src/lib/errors";
import type { Bench, BenchOptions, BenchResult } from "./bench";

/** Where the sets stand beside a checkout. */
const DATA_DIR = "../shared/data";

/** What a set's own file is given. */
export interface DetectOptions extends BenchOptions {
  readonly dataDir: string;
}

type Detect = (options: DetectOptions) => Promise<BenchResult>;

const sets: Readonly<Record<string, () => Promise<Detect>>> = {
  asd: async () => (await import("./detect/asd")).detect,
  smd: async () => (await import("./detect/smd")).detect,
  nab: async () => (await import("./detect/nab")).detect,
  httpparams: async () => (await import("./detect/httpparams")).detect,
};

async function run(options: BenchOptions): Promise<BenchResult> {
  const load = sets[options.set ?? ""];
  if (load === undefined) {
    throw new GanglionError("E_BENCH_USAGE", `which set? --set ${options.set ?? "is missing"}`, {
      hint: `Name one of ${Object.keys(sets).join(", ")}.`,
      exitCode: ExitCode.usage,
    });
  }
  const detect = await load();
  return detect({ ...options, dataDir: options.dataDir ?? DATA_DIR });
}

export const bench: Bench = {
  name: "detect",
  summary: "detection on public data: asd, smd, nab, httpparams",
  run,
};
