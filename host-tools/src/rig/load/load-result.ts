// What a load run measured, one entry per planned request, in columns.

/** Statuses that are not HTTP's. */
export const LoadStatus = {
  /** Refused, reset, or not HTTP. */
  failed: 0,
  timedOut: -1,
  /** The run was stopped first. */
  notRun: -2,
} as const;

/** A recorded response header: `values[index[i]]`, where values[0] is "" for absent. */
export interface CapturedHeader {
  readonly values: readonly string[];
  readonly index: Uint16Array;
}

export interface LoadResult {
  readonly intendedMs: Float64Array;
  /** Complete response, from the INTENDED start; the timeout if it timed out; else NaN. */
  readonly latencyMs: Float32Array;
  /** First body byte (head if there is no body) from the intended start; NaN if there was none. */
  readonly ttfbMs: Float32Array;
  /** How late the generator itself was, including waiting for a free connection. */
  readonly lagMs: Float32Array;
  /** HTTP status or one of LoadStatus. */
  readonly status: Int16Array;
  readonly template: Uint16Array;
  /** Tag of each template. */
  readonly tags: readonly string[];
  readonly captured: Readonly<Record<string, CapturedHeader>>;
  /** Start of the run to its last response. */
  readonly durationMs: number;
}

/** What happened since the last sample. */
export interface LoadProgress {
  readonly elapsedMs: number;
  readonly planned: number;
  readonly sent: number;
  readonly completed: number;
  /** Requests that ended in this window, in columns as in LoadResult. */
  readonly window: {
    readonly latencyMs: Float32Array;
    readonly status: Int16Array;
    readonly template: Uint16Array;
    /** Header name to value to count. */
    readonly captured: Readonly<Record<string, Readonly<Record<string, number>>>>;
  };
}

/** Records values of one response header with few different ones. */
export class HeaderColumn {
  readonly values = [""];
  readonly index: Uint16Array;
  private readonly known = new Map<string, number>([["", 0]]);

  constructor(count: number) {
    this.index = new Uint16Array(count);
  }

  /** Beyond 65,535 different values the rest is recorded as absent. */
  set(request: number, value: string): void {
    let at = this.known.get(value);
    if (at === undefined) {
      if (this.values.length > 0xffff) return;
      at = this.values.length;
      this.known.set(value, at);
      this.values.push(value);
    }
    this.index[request] = at;
  }

  valueOf(request: number): string {
    return this.values[this.index[request] as number] as string;
  }
}
