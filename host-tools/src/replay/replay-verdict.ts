// What the filter decided about one replayed request, read off the stream: the headers that the upstream
// would get, the answer that the client got, and the filter state that access logs see.

import {
  HEADER_ARM,
  HEADER_EVIDENCE,
  HEADER_REASON,
  HEADER_SCORE,
  HEADER_VERDICT,
  reasonName,
  Reason,
  Verdict,
  verdictName,
} from "../contract";
import type { Stream } from "../embedded/stream";

export interface ReplayVerdict {
  readonly verdict: string;
  readonly reason: string;
  /** -1 without a model. */
  readonly scorePermille: number;
  /** "" for the default arm or where the filter answered. */
  readonly arm: string;
  /** False where the verdict was only computed (shadow). */
  readonly isEnforced: boolean;
  /** The filter's own answer, 0 where the request passed. */
  readonly answered: number;
  /** The layer of the scorer behind an anomaly, `statistics.latency` and the like; "" for none. */
  readonly layer: string;
  /**
   * Evidence, Q8: of the layers that act together, of statistics, sequence and content. Empty where it is
   * not exposed.
   */
  readonly evidences: readonly number[];
}

const FILTER_STATE = "wasm.ganglion";
const SHADOW = "shadow";
const ALLOW = verdictName(Verdict.Allow);
const NO_REASON = reasonName(Reason.None);

/** Read it before the stream is released. */
export function readVerdict(stream: Stream): ReplayVerdict {
  const state = stream.streamInfo.filterState?.get(FILTER_STATE);
  const { request, reply } = stream;
  if (state === undefined) {
    return {
      verdict: ALLOW,
      reason: request.get(HEADER_REASON) ?? NO_REASON,
      scorePermille: Number(request.get(HEADER_SCORE) ?? -1),
      arm: request.get(HEADER_ARM) ?? "",
      isEnforced: true,
      answered: reply?.code ?? 0,
      layer: "",
      evidences: readEvidences(stream),
    };
  }
  // `verdict:reason:score[:layer[.signal]][:shadow]`
  const [verdict = ALLOW, reason = NO_REASON, score = "0", ...more] = Buffer.from(state)
    .toString("latin1")
    .split(":");
  const isShadow = more.at(-1) === SHADOW;
  const said = request.get(HEADER_VERDICT) === undefined ? undefined : request.get(HEADER_SCORE);
  return {
    verdict,
    reason,
    scorePermille: Number(said ?? score),
    arm: request.get(HEADER_ARM) ?? "",
    isEnforced: !isShadow,
    answered: reply?.code ?? 0,
    layer: more.length > (isShadow ? 1 : 0) ? more[0]! : "",
    evidences: readEvidences(stream),
  };
}

function readEvidences({ request }: Stream): number[] {
  const told = request.get(HEADER_EVIDENCE);
  return told === undefined ? [] : told.split(",").map(Number);
}
