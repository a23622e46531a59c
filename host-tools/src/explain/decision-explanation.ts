// Why the filter decided as it did about one request: what each layer saw, which of it weighed, and
// where the threshold was. Evidence is -log10 of a tail probability throughout: 3 is one in a thousand.

/** One thing that a layer saw. */
export interface ExplainedPart {
  /** Feature, signal or piece of text. */
  readonly name: string;
  /** What was seen, with its unit. */
  readonly seen: string;
  /** What would have been usual, with its unit; "" where there is no such thing. */
  readonly expected: string;
  /** What it adds to the layer's score: share of all parts, 0 to 1. */
  readonly share: number;
}

export interface ExplainedLayer {
  readonly layer: "L0" | "L1" | "L2";
  /** Statistics, sequence model, content. */
  readonly title: string;
  /** Whether its evidence can raise an alarm, by the route's configuration, or is only told. */
  readonly acts: boolean;
  /** Its say beside the other layers that act: weight of its p-value in their harmonic mean. */
  readonly weight: number;
  /** -log10 of the tail probability; null where the layer does not speak: warm-up, not there. */
  readonly evidence: number | null;
  /** Why it does not speak, or what its score is. */
  readonly note: string;
  /** Heaviest first. */
  readonly parts: readonly ExplainedPart[];
}

/** What a layer tells of itself; its place among the others is the configuration's and the filter's. */
export type LayerStory = Omit<ExplainedLayer, "acts" | "weight">;

export interface DecisionExplanation {
  readonly request: {
    /** Number in the file, in order of time, from 1. */
    readonly number: number;
    readonly at_ms: number;
    readonly method: string;
    readonly path: string;
    readonly route: string;
    /** Requests of the route up to it, itself included. */
    readonly route_requests: number;
  };
  readonly decision: {
    readonly verdict: string;
    readonly reason: string;
    readonly enforced: boolean;
    readonly score_permille: number | null;
    readonly arm: string | null;
    readonly answered: number | null;
    /** The layer that the filter names, `statistics.latency` and the like; null without an alarm. */
    readonly layer: string | null;
  };
  /** Those of the configuration. */
  readonly models: readonly { readonly name: string; readonly version: number }[];
  readonly threshold: {
    /** Null where the route does not know its own yet. */
    readonly evidence: number | null;
    /** Who set it: the configuration, or the route's calibration up to then. */
    readonly set_by: "configuration" | "route";
  };
  /** The layers that act, together. */
  readonly combined: { readonly evidence: number; readonly score_permille: number };
  readonly layers: readonly ExplainedLayer[];
  /** What is told is exactly what the filter computed; otherwise why not. */
  readonly agreement: string;
  readonly sentence: string;
}

/** Where the curves of artifacts and detectors end; beyond lies extrapolation. */
const MEASURED_EVIDENCE = 4;

/** How rare a piece of evidence is among healthy requests, in words. */
export function rarityText(evidence: number): string {
  const share = 10 ** -evidence;
  if (share > 0.5) return "usual";
  return evidence > MEASURED_EVIDENCE ? "beyond 1 in 10000" : `1 in ${Math.round(1 / share)}`;
}
