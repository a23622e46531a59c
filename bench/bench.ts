// What a bench is. Not a test: it asserts nothing, it measures and reports, and whoever reads the figures
// holds them against the bars in the README.

export interface BenchOptions {
  /** Everything random is drawn from this. */
  readonly seed: number;
  /** Shortens the run for a look; figures of a quick run are not quoted. */
  readonly quick: boolean;
  /** Folder of recorded data, where the bench uses some. */
  readonly dataDir: string | undefined;
  /** Which set of the data, where a bench has several. */
  readonly set?: string | undefined;
  /** Progress, one line at a time. */
  readonly say: (line: string) => void;
}

export interface BenchResult {
  /** The named figures; the last line of output is this object. */
  readonly figures: Readonly<Record<string, unknown>>;
  /** A table for people, printed to stderr. */
  readonly table?: readonly (readonly string[])[];
}

export interface Bench {
  readonly name: string;
  readonly summary: string;
  readonly run: (options: BenchOptions) => Promise<BenchResult>;
}
