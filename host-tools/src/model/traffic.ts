// A request as the trainer sees it: when it came, what it looked like, how it went. Not the
// filter's features: those depend on what the route did before, and are made from these by a
// FeatureSource.

export interface TrafficRequest {
  /** Start, in ms from any origin above 0. */
  readonly arrivalMs: number;
  readonly route: string;
  /** 0 for GET, HEAD, OPTIONS; 1 otherwise. */
  readonly unsafeMethod: number;
  readonly pathBytes: number;
  readonly queryBytes: number;
  readonly headerBytes: number;
  readonly headerCount: number;
  readonly contentBytes: number;
  /** From arrival to the response's headers. */
  readonly ttfbMs: number;
  /** From arrival to the response's end. */
  readonly latencyMs: number;
  /** Response status; 0 when the client left before one came. */
  readonly status: number;
  /** A rate limit refused it: it never reached an upstream. */
  readonly limited: boolean;
  /** Made by an injected fault; always false in recorded traffic. */
  readonly faulty: boolean;
  /** x-envoy-attempt-count: 1, the first, where it is not said. */
  readonly attempt?: number;
  /** Without query; where it is not said, its length stands for it. */
  readonly path?: string;
}

/** The feature vectors of one route in the order of its requests. */
export interface FeatureSequence {
  readonly route: string;
  /** Raw f32, FEATURES per request. */
  readonly vectors: Float32Array;
  /** 1 where the request was made by an injected fault. */
  readonly faulty: Uint8Array;
}

/** Turns traffic into what the scorer would have been given. */
export type FeatureSource = (requests: readonly TrafficRequest[]) => FeatureSequence[];
