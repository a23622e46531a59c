// What goes wrong with an upstream, and when, relative to its start command. A schedule instead of
// switches thrown by the caller: the same faults then meet the same requests in every run.

export interface Fault {
  /** Active from `atMs` (inclusive) to `untilMs` (exclusive) after start. */
  readonly atMs: number;
  readonly untilMs: number;
  /** Multiplies every latency; a gray failure is 10 here and nothing else. */
  readonly latencyFactor?: number;
  /** Multiplies the time between tokens alone: the first comes as ever, the last much later. */
  readonly tokenFactor?: number;
  /** Share of requests answered with `errorStatus` (default 503). */
  readonly errorPermille?: number;
  readonly errorStatus?: number;
  /** Errors answer after this time instead of the law's: an arm that fails fast looks good. */
  readonly failFastMs?: number;
  /** Share of requests whose connection is reset instead of an answer. */
  readonly resetPermille?: number;
  /** Requests are read and never answered. */
  readonly blackHole?: boolean;
  /** Streams send nothing while this lasts, and go on afterwards. */
  readonly stallStream?: boolean;
}

/** The faults active at one moment, as one. */
export interface FaultState {
  readonly latencyFactor: number;
  readonly tokenFactor: number;
  readonly errorPermille: number;
  readonly errorStatus: number;
  readonly failFastMs: number | undefined;
  readonly resetPermille: number;
  readonly blackHole: boolean;
  readonly stallStream: boolean;
}

export const NO_FAULT: FaultState = {
  latencyFactor: 1,
  tokenFactor: 1,
  errorPermille: 0,
  errorStatus: 503,
  failFastMs: undefined,
  resetPermille: 0,
  blackHole: false,
  stallStream: false,
};

/** Factors multiply; of everything else the fault listed last wins. Before start (NaN): none. */
export function faultsAt(faults: readonly Fault[], elapsedMs: number): FaultState {
  let state = NO_FAULT;
  for (const fault of faults) {
    if (!(elapsedMs >= fault.atMs && elapsedMs < fault.untilMs)) continue;
    const { atMs: _at, untilMs: _until, latencyFactor = 1, tokenFactor = 1, ...rest } = fault;
    state = {
      ...state,
      ...rest,
      latencyFactor: state.latencyFactor * latencyFactor,
      tokenFactor: state.tokenFactor * tokenFactor,
    };
  }
  return state;
}
