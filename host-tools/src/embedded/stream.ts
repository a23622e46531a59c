// One HTTP exchange through the filter: the caller plays client and upstream, the filter sees what
// Envoy would show it, and the outcome is read off the fields. Held data, local replies and resets
// follow Envoy's filter manager.

import { FilterHeadersStatus } from "./abi";
import { Context, type LocalReplyRequest } from "./context";
import { HalfStream } from "./half-stream";
import { HeaderMap } from "./header-map";
import { HeaderSet, type Header } from "./header-set";
import { fillLocalReply, type LocalReply } from "./local-reply";
import type { PluginHandle } from "./plugin-handle";
import { filterData, filterTrailers, resume } from "./stream-body";
import { NO_CONFIG_REPLY, runCallback, STOP_HEADERS } from "./stream-callback";
import { ResponseFlag, StreamInfo, type AttributeValue } from "./stream-info";
import type { WasmVm } from "./wasm-vm";
import type { Worker } from "./worker";
import { GanglionError } from "../lib/errors";

export type HeaderInput = HeaderSet | readonly Header[];

const MAX_HEADERS_STATUS = 4;

export class Stream extends Context {
  /** Request headers as the upstream sees them, after the filter's changes. */
  readonly request = new HeaderMap("request");
  /** Response headers as the client sees them, after the filter's changes. */
  readonly response = new HeaderMap("response");
  /** Body and trailers toward the upstream and toward the client. */
  readonly toUpstream = new HalfStream();
  readonly toClient = new HalfStream();
  /** Facts behind the properties; set `responseFlags` and the like before the filter reads them. */
  readonly streamInfo = new StreamInfo();
  /** The filter is in this stream's chain; false when a dead VM is passed by, or none is loaded. */
  filtered = false;
  /** The answer the proxy gave itself, or null. */
  reply: LocalReply | null = null;
  /** What the filter answered to the headers, as Envoy understands it (FilterHeadersStatus). */
  requestAction: number = FilterHeadersStatus.Continue;
  responseAction: number = FilterHeadersStatus.Continue;
  /** How often the cached route was dropped, so that the route is matched anew. */
  routeCacheClears = 0;
  /** The stream was reset: by the client, or because a response under way had to be dropped. */
  wasReset = false;
  ended = false;

  // The host's own state; callers read, never write.
  vm: WasmVm | null = null;
  decoding = false;
  endOfStream = false;
  failReplySent = false;
  streamFailed = false;
  private prepared: LocalReplyRequest | null = null;
  private responseStarted = false;
  private responseSent = false;
  private answeredDirectly = false;
  private firstUpstreamTxNs = -1;
  private lastUpstreamRxNs = -1;
  private handle: PluginHandle | null = null;

  constructor(readonly worker: Worker) {
    super(null);
    this.info = this.streamInfo;
  }

  /** Puts the stream at its beginning; only the worker calls it. */
  begin(
    handle: PluginHandle | null,
    vm: WasmVm | null,
    attributes: ReadonlyMap<string, AttributeValue> | null,
  ): void {
    this.handle = handle;
    this.vm = vm;
    this.filtered = handle !== null;
    this.root = handle?.root ?? this;
    this.plugin = handle?.plugin ?? null;
    this.id = 0;
    this.created = false;
    this.streamInfo.reset(this.worker.process.clock.elapsedNs);
    this.streamInfo.attributes = attributes;
    if (vm !== null) vm.register(this);
    if (this.ended) this.clear();
  }

  private clear(): void {
    this.requestHeaders = this.requestTrailers = this.responseHeaders = null;
    this.responseTrailers = null;
    this.requestBody = this.responseBody = null;
    this.reply = this.prepared = null;
    this.requestAction = this.responseAction = FilterHeadersStatus.Continue;
    this.routeCacheClears = 0;
    this.wasReset = this.ended = false;
    this.decoding = this.endOfStream = this.failReplySent = this.streamFailed = false;
    this.responseStarted = this.responseSent = this.answeredDirectly = false;
    this.firstUpstreamTxNs = this.lastUpstreamRxNs = -1;
    this.toUpstream.reset();
    this.toClient.reset();
    this.response.clear();
  }

  // --- what the caller pushes ---------------------------------------------------------------

  /** A chunk of the request body. */
  pushRequestBody(data: Uint8Array | string, endOfStream: boolean): this {
    this.checkOpen("push request body");
    const bytes = toBytes(data);
    this.streamInfo.bytesReceived += bytes.length;
    filterData(this, this.toUpstream, bytes, endOfStream);
    return this;
  }

  pushRequestTrailers(trailers: HeaderInput): this {
    this.checkOpen("push request trailers");
    filterTrailers(this, this.toUpstream, compile("request-trailers", trailers));
    return this;
  }

  /** The upstream's response headers. */
  pushResponseHeaders(headers: HeaderInput, endOfStream = false): this {
    this.checkOpen("push response headers");
    const { streamInfo } = this;
    this.noteUpstreamRx();
    this.response.reset(compile("response", headers));
    this.responseStarted = true;
    streamInfo.responseCode = Number(this.response.get(":status") ?? 0);
    if (streamInfo.responseCodeDetails === "") streamInfo.responseCodeDetails = "via_upstream";
    this.encodeHeaders(endOfStream);
    return this;
  }

  /** A chunk of the response body as it arrives. */
  pushResponseBody(data: Uint8Array | string, endOfStream: boolean): this {
    this.checkOpen("push response body");
    this.noteUpstreamRx();
    filterData(this, this.toClient, toBytes(data), endOfStream);
    return this;
  }

  pushResponseTrailers(trailers: HeaderInput): this {
    this.checkOpen("push response trailers");
    this.noteUpstreamRx();
    filterTrailers(this, this.toClient, compile("response-trailers", trailers));
    return this;
  }

  /** The client goes away: on_log still runs, with the flag and the details Envoy sets. */
  reset(): void {
    if (this.ended) return;
    if (this.wasReset) {
      this.end();
      return;
    }
    this.wasReset = true;
    this.streamInfo.responseFlags |= ResponseFlag.downstreamConnectionTermination;
    this.streamInfo.responseCodeDetails = "downstream_remote_disconnect";
    this.end();
  }

  /** The exchange is over: on_log, on_done, on_delete. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    const { streamInfo, vm } = this;
    streamInfo.durationNs = this.worker.process.clock.elapsedNs - streamInfo.startNs;
    if (this.lastUpstreamRxNs >= 0) {
      const sentNs = this.firstUpstreamTxNs < 0 ? streamInfo.startNs : this.firstUpstreamTxNs;
      streamInfo.backendLatencyNs = this.lastUpstreamRxNs - sentNs;
    }
    if (vm !== null) this.endInVm(vm);
    this.vm = null;
    const handle = this.handle;
    this.handle = null;
    handle?.release();
  }

  /** Ends the stream and hands it back for reuse; the caller must not touch it any more. */
  release(): void {
    this.end();
    this.worker.recycle(this);
  }

  private endInVm(vm: WasmVm): void {
    this.create(vm);
    if (vm.onLog !== null && !vm.isFailed) {
      this.accessLogPhase = true;
      this.logRequestHeaders = this.request;
      this.logResponseHeaders = this.responseStarted ? this.response : null;
      this.logResponseTrailers = this.toClient.trailers;
      vm.call(vm.onLog, "proxy_on_log", this, this.id);
      vm.afterCall();
      this.accessLogPhase = false;
      this.logRequestHeaders = this.logResponseHeaders = this.logResponseTrailers = null;
    }
    vm.contextDone(this);
    vm.contextDelete(this);
    vm.contexts.delete(this.id);
  }

  // --- toward the upstream ------------------------------------------------------------------

  /** Runs the request headers through the filter; only the worker calls it. */
  decodeHeaders(headers: HeaderSet, endOfStream: boolean): void {
    this.request.reset(headers);
    this.toUpstream.headersEndStream = endOfStream;
    if (!this.filtered) {
      this.passRequestHeaders(endOfStream);
      return;
    }
    const { vm } = this;
    if (vm !== null) this.create(vm);
    this.requestHeaders = this.request;
    this.endOfStream = endOfStream;
    this.decoding = true;
    const f = vm === null ? null : vm.onRequestHeaders;
    const name = "proxy_on_request_headers";
    const size = this.request.size;
    this.requestAction = this.headersStatus(
      runCallback(this, f, name, size, endOfStream ? 1 : 0, STOP_HEADERS, MAX_HEADERS_STATUS),
    );
    this.decoding = false;
    if (this.requestAction === FilterHeadersStatus.Continue) this.requestHeaders = null;
    if (this.prepared !== null) this.sendPrepared();
    if (this.wasReset) return;
    if (this.requestAction === FilterHeadersStatus.Continue) this.passRequestHeaders(endOfStream);
    else this.toUpstream.stoppedAll = this.requestAction !== FilterHeadersStatus.StopIteration;
  }

  /** What Envoy answers while no configuration has been accepted. */
  answerWithoutConfiguration(headers: HeaderSet): void {
    this.request.reset(headers);
    this.streamInfo.responseFlags |= ResponseFlag.noFilterConfigFound;
    this.localReply(NO_CONFIG_REPLY);
  }

  passRequestHeaders(endOfStream: boolean): void {
    this.requestAction = FilterHeadersStatus.Continue;
    this.toUpstream.passHeaders(endOfStream);
    this.streamInfo.upstreamKnown = true;
    this.firstUpstreamTxNs = this.worker.process.clock.elapsedNs;
  }

  // --- toward the client --------------------------------------------------------------------

  private encodeHeaders(endOfStream: boolean): void {
    this.toClient.headersEndStream = endOfStream;
    const { vm } = this;
    if (!this.filtered || !this.created || this.failReplySent) {
      this.passResponseHeaders(endOfStream);
      return;
    }
    this.responseHeaders = this.response;
    this.endOfStream = endOfStream;
    const f = vm === null ? null : vm.onResponseHeaders;
    const name = "proxy_on_response_headers";
    const size = this.response.size;
    const action = this.headersStatus(
      runCallback(this, f, name, size, endOfStream ? 1 : 0, STOP_HEADERS, MAX_HEADERS_STATUS),
    );
    if (this.answeredDirectly || this.wasReset) return;
    this.responseAction = action;
    if (action === FilterHeadersStatus.Continue) {
      this.responseHeaders = null;
      this.passResponseHeaders(endOfStream);
    } else {
      this.toClient.stoppedAll = action !== FilterHeadersStatus.StopIteration;
    }
  }

  passResponseHeaders(endOfStream: boolean): void {
    this.responseAction = FilterHeadersStatus.Continue;
    this.responseSent = true;
    this.toClient.passHeaders(endOfStream);
    this.streamInfo.responseCode = Number(this.response.get(":status") ?? 0);
  }

  // --- what the filter asks for -------------------------------------------------------------

  override clearRouteCache(): void {
    this.routeCacheClears++;
  }

  override acceptsLocalReply(): boolean {
    return true;
  }

  override localReply(reply: LocalReplyRequest): void {
    if (this.ended || this.wasReset) return;
    this.streamInfo.responseCodeDetails = reply.details;
    if (!this.responseStarted) {
      // Inside a request callback the first reply is kept and sent when the callback is over.
      if (this.decoding) this.prepared ??= reply;
      else this.answer(reply);
    } else if (!this.responseSent) {
      this.answeredDirectly = true;
      this.toClient.reset();
      this.finishDirectly(reply);
    } else {
      this.resetStream();
    }
  }

  /** Sends the reply that was prepared during a request callback. */
  sendPrepared(): void {
    const reply = this.prepared;
    this.prepared = null;
    if (reply !== null) this.answer(reply);
  }

  private answer(reply: LocalReplyRequest): void {
    const body = fillLocalReply(reply, this.request, this.response);
    this.reply = { code: reply.code, details: reply.details, body };
    this.streamInfo.responseCode = Number(this.response.get(":status") ?? 0);
    this.responseStarted = true;
    this.encodeHeaders(body.length === 0);
    if (body.length > 0 && !this.answeredDirectly && !this.wasReset) {
      filterData(this, this.toClient, body, true);
    }
  }

  /** The response has begun inside the filters but not left: it is replaced, filters not asked. */
  private finishDirectly(reply: LocalReplyRequest): void {
    const body = fillLocalReply(reply, this.request, this.response);
    this.reply = { code: reply.code, details: reply.details, body };
    this.responseHeaders = null;
    this.passResponseHeaders(body.length === 0);
    if (body.length > 0) this.toClient.passData(body, true);
  }

  override continueRequest(): void {
    if (!this.ended && this.reply === null) resume(this, this.toUpstream);
  }

  override continueResponse(): void {
    if (!this.ended) resume(this, this.toClient);
  }

  override resetStream(): void {
    this.wasReset = true;
  }

  override closeStream(): void {
    if (this.streamInfo.responseCodeDetails === "") {
      this.streamInfo.responseCodeDetails = "wasm_close_stream";
    }
    this.resetStream();
  }

  override addRequestTrailers(): HeaderMap | null {
    if (this.requestBody === null || !this.endOfStream || this.accessLogPhase) return null;
    this.toUpstream.heldTrailers = this.requestTrailers = new HeaderMap("request-trailers");
    return this.requestTrailers;
  }

  override addResponseTrailers(): HeaderMap | null {
    if (this.responseBody === null || !this.endOfStream || this.accessLogPhase) return null;
    this.toClient.heldTrailers = this.responseTrailers = new HeaderMap("response-trailers");
    return this.responseTrailers;
  }

  // ------------------------------------------------------------------------------------------

  private create(vm: WasmVm): void {
    if (this.created) return;
    if (vm.onContextCreate !== null && !vm.isFailed) {
      const f = vm.onContextCreate;
      vm.call(f, "proxy_on_context_create", this, this.id, this.root.id);
      vm.afterCall();
    }
    this.created = true;
  }

  private headersStatus(status: number): number {
    if (status === FilterHeadersStatus.ContinueAndEndStream) return FilterHeadersStatus.Continue;
    if (status !== FilterHeadersStatus.StopIteration) return status;
    return this.worker.settings.allowOnHeadersStopIteration ? status : STOP_HEADERS;
  }

  private noteUpstreamRx(): void {
    this.lastUpstreamRxNs = this.worker.process.clock.elapsedNs;
  }

  private checkOpen(what: string): void {
    if (!this.ended && !this.wasReset) return;
    throw new GanglionError("E_EMBEDDED_STREAM", `cannot ${what}: the stream is over`, {
      hint: "Check stream.ended and stream.wasReset before pushing more.",
    });
  }
}

const utf8 = new TextEncoder();

function toBytes(data: Uint8Array | string): Uint8Array {
  return typeof data === "string" ? utf8.encode(data) : data;
}

function compile(kind: "response" | "request-trailers" | "response-trailers", input: HeaderInput) {
  return input instanceof HeaderSet ? input : HeaderSet.compile(kind, input);
}
