// One direction of a stream: what has gone through, and what is held because the filter said stop.

import { Body } from "./body";
import type { HeaderMap } from "./header-map";

export interface PendingData {
  readonly data: Uint8Array;
  readonly endOfStream: boolean;
}

export class HalfStream {
  /** Body chunks that passed the filter, in order. */
  readonly chunks: Uint8Array[] = [];
  /** Trailers that passed, or null. */
  trailers: HeaderMap | null = null;
  /** The headers have passed. */
  headersPassed = false;
  /** The last byte, or the trailers, have passed. */
  ended = false;
  /** Body collected so far under "stop and buffer"; the filter sees it whole. */
  buffer: Body | null = null;
  buffering = false;
  /** "Stop all": nothing reaches the filter until it says continue. */
  stoppedAll = false;
  headersEndStream = false;
  readonly queue: PendingData[] = [];
  heldTrailers: HeaderMap | null = null;

  reset(): void {
    if (this.chunks.length > 0) this.chunks.length = 0;
    if (this.queue.length > 0) this.queue.length = 0;
    this.trailers = null;
    this.heldTrailers = null;
    this.buffer = null;
    this.headersPassed = false;
    this.ended = false;
    this.buffering = false;
    this.stoppedAll = false;
    this.headersEndStream = false;
  }

  passHeaders(endOfStream: boolean): void {
    this.headersPassed = true;
    this.stoppedAll = false;
    this.ended = endOfStream;
  }

  passData(data: Uint8Array, endOfStream: boolean): void {
    if (data.length > 0) this.chunks.push(data);
    this.ended = endOfStream;
  }

  /** Keeps a chunk; it passes when the filter lets the stream go on. */
  hold(data: Uint8Array): void {
    this.buffer ??= new Body();
    this.buffer.append(data);
  }

  takeBuffer(): Uint8Array {
    const bytes = this.buffer?.bytes ?? new Uint8Array(0);
    this.buffer = null;
    return bytes;
  }

  /** The body that passed so far, as one array. */
  body(): Uint8Array {
    const whole = new Body();
    for (const chunk of this.chunks) whole.append(chunk);
    return whole.bytes;
  }
}
