// Body and trailers of one direction through the filter, with Envoy's four answers: let go, keep
// and show the whole next time, keep and show only the next chunk, drop.

import { FilterDataStatus, FilterTrailersStatus } from "./abi";
import { Body } from "./body";
import type { HalfStream } from "./half-stream";
import { HeaderMap } from "./header-map";
import type { HeaderSet } from "./header-set";
import type { Stream } from "./stream";
import { runCallback, STOP_DATA, STOP_TRAILERS } from "./stream-callback";

export function filterData(
  stream: Stream,
  half: HalfStream,
  data: Uint8Array,
  endOfStream: boolean,
): void {
  if (half.stoppedAll) {
    half.queue.push({ data, endOfStream });
    return;
  }
  if (bypassed(stream, half)) {
    pass(stream, half, data, endOfStream);
    return;
  }
  if (half.buffering) half.hold(data);
  const body = half.buffering && half.buffer !== null ? half.buffer : new Body(data);
  const status = callBody(stream, half, body, endOfStream);
  const wasBuffering = half.buffering;
  half.buffering = status === FilterDataStatus.StopIterationAndBuffer;
  if (answered(stream, half)) return;
  if (status === FilterDataStatus.Continue) {
    showBody(stream, half, null);
    if (!wasBuffering && half.buffer !== null) half.hold(body.bytes);
    const whole = half.buffer === null ? body.bytes : half.takeBuffer();
    pass(stream, half, whole, endOfStream && half.heldTrailers === null);
    if (half.heldTrailers !== null) passTrailers(half, half.heldTrailers);
  } else if (status !== FilterDataStatus.StopIterationNoBuffer && !wasBuffering) {
    half.hold(body.bytes);
  }
  half.headersEndStream = endOfStream;
}

export function filterTrailers(stream: Stream, half: HalfStream, trailers: HeaderSet): void {
  const request = half === stream.toUpstream;
  const map = new HeaderMap(request ? "request-trailers" : "response-trailers");
  map.reset(trailers);
  half.heldTrailers = map;
  if (half.stoppedAll) return;
  const status = bypassed(stream, half)
    ? FilterTrailersStatus.Continue
    : callTrailers(stream, half, map);
  if (answered(stream, half) || status !== FilterTrailersStatus.Continue) return;
  if (half.buffer !== null) pass(stream, half, half.takeBuffer(), false);
  passTrailers(half, map);
}

/** continue_stream: what was held goes on, and what waited reaches the filter. */
export function resume(stream: Stream, half: HalfStream): void {
  const { stoppedAll } = half;
  half.stoppedAll = false;
  half.buffering = false;
  if (!half.headersPassed) passHeaders(stream, half, half.queue.length === 0);
  if (half.buffer !== null) pass(stream, half, half.takeBuffer(), half.headersEndStream);
  if (stoppedAll) {
    for (let next = half.queue.shift(); next !== undefined; next = half.queue.shift()) {
      filterData(stream, half, next.data, next.endOfStream);
    }
  }
  if (half.heldTrailers !== null) passTrailers(half, half.heldTrailers);
}

function bypassed(stream: Stream, half: HalfStream): boolean {
  if (!stream.filtered || !stream.created) return true;
  return half === stream.toClient && stream.failReplySent;
}

/** The proxy has answered by itself or dropped the stream: nothing more passes this way. */
function answered(stream: Stream, half: HalfStream): boolean {
  return stream.wasReset || (half === stream.toUpstream && stream.reply !== null) || half.ended;
}

function callBody(stream: Stream, half: HalfStream, body: Body, endOfStream: boolean): number {
  const request = half === stream.toUpstream;
  const { vm } = stream;
  const f = vm === null ? null : request ? vm.onRequestBody : vm.onResponseBody;
  const name = request ? "proxy_on_request_body" : "proxy_on_response_body";
  showBody(stream, half, body);
  stream.endOfStream = endOfStream;
  stream.decoding = request;
  const status = runCallback(stream, f, name, body.length, endOfStream ? 1 : 0, STOP_DATA, 3);
  stream.decoding = false;
  stream.sendPrepared();
  return status;
}

function callTrailers(stream: Stream, half: HalfStream, map: HeaderMap): number {
  const request = half === stream.toUpstream;
  const { vm } = stream;
  const f = vm === null ? null : request ? vm.onRequestTrailers : vm.onResponseTrailers;
  const name = request ? "proxy_on_request_trailers" : "proxy_on_response_trailers";
  if (request) stream.requestTrailers = map;
  else stream.responseTrailers = map;
  stream.decoding = request;
  const status = runCallback(stream, f, name, map.size, 0, STOP_TRAILERS, 1);
  stream.decoding = false;
  stream.sendPrepared();
  if (status === FilterTrailersStatus.Continue) {
    if (request) stream.requestTrailers = null;
    else stream.responseTrailers = null;
  }
  return status;
}

function showBody(stream: Stream, half: HalfStream, body: Body | null): void {
  if (half === stream.toUpstream) stream.requestBody = body;
  else stream.responseBody = body;
}

function passHeaders(stream: Stream, half: HalfStream, endOfStream: boolean): void {
  const ends = endOfStream && half.headersEndStream && half.buffer === null;
  if (half === stream.toUpstream) stream.passRequestHeaders(ends);
  else stream.passResponseHeaders(ends);
}

function pass(stream: Stream, half: HalfStream, data: Uint8Array, endOfStream: boolean): void {
  if (!half.headersPassed) passHeaders(stream, half, false);
  if (half === stream.toClient) stream.streamInfo.bytesSent += data.length;
  half.passData(data, endOfStream);
}

function passTrailers(half: HalfStream, trailers: HeaderMap): void {
  half.heldTrailers = null;
  half.trailers = trailers;
  half.ended = true;
}
