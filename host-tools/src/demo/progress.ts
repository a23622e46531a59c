// What an engine tells while it runs: for each side, the requests that ended since the last time.

export interface EndedRequests {
  readonly latencyMs: ArrayLike<number>;
  readonly status: ArrayLike<number>;
  readonly tenant: ArrayLike<number>;
  /** Arm name, "" for none, to count. */
  readonly arms: Readonly<Record<string, number>>;
  /** Score as text, "" for none, to count. */
  readonly scores: Readonly<Record<string, number>>;
}

export type Side = "with" | "without";

export interface DemoProgress {
  readonly side: Side;
  /** Since the start of the traffic. */
  readonly elapsedMs: number;
  readonly ended: EndedRequests;
}

export type OnProgress = (progress: DemoProgress) => void;
