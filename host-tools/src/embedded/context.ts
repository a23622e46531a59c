// What the guest knows by an id: the VM itself (0), a root context per plugin configuration, a
// stream context per request. The fields are what a host call may see right now; null means "not in
// this phase", exactly as Envoy's pointers come and go.

import type { Body } from "./body";
import type { HeaderMap } from "./header-map";
import type { Plugin } from "./plugin";
import type { StreamInfo } from "./stream-info";

export interface HttpCallResponse {
  readonly headers: HeaderMap;
  readonly body: Uint8Array;
  readonly trailers: HeaderMap | null;
}

export class Context {
  id = 0;
  /** The root this context belongs to; a root belongs to itself. */
  root: Context;
  /** on_context_create has run (or would have, had the module exported it). */
  created = false;
  plugin: Plugin | null = null;
  /** The configuration being read, only inside on_context_create of a root and on_configure. */
  tempPlugin: Plugin | null = null;

  requestHeaders: HeaderMap | null = null;
  requestTrailers: HeaderMap | null = null;
  responseHeaders: HeaderMap | null = null;
  responseTrailers: HeaderMap | null = null;
  requestBody: Body | null = null;
  responseBody: Body | null = null;

  accessLogPhase = false;
  logRequestHeaders: HeaderMap | null = null;
  logResponseHeaders: HeaderMap | null = null;
  logResponseTrailers: HeaderMap | null = null;

  /** Only streams have one. */
  info: StreamInfo | null = null;

  httpCallResponse: HttpCallResponse | null = null;
  statusCode = 0;
  statusMessage = "";

  constructor(root: Context | null) {
    this.root = root ?? this;
  }

  get isRoot(): boolean {
    return this.root === this;
  }

  // What a host call may ask of a stream; a root or the VM context answers "no stream here".

  clearRouteCache(): void {}

  /** @returns false when the context has no stream to answer on */
  acceptsLocalReply(): boolean {
    return false;
  }

  localReply(_reply: LocalReplyRequest): void {}

  continueRequest(): void {}

  continueResponse(): void {}

  resetStream(): void {}

  closeStream(): void {}

  addRequestTrailers(): HeaderMap | null {
    return null;
  }

  addResponseTrailers(): HeaderMap | null {
    return null;
  }
}

export interface LocalReplyRequest {
  readonly code: number;
  readonly details: string;
  readonly body: Uint8Array;
  readonly headerNames: readonly string[];
  readonly headerValues: readonly string[];
  /** 0 to 16, or -1 for none. */
  readonly grpcStatus: number;
}
