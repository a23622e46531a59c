// Running one stream callback, with the check Envoy makes before and after it: has the VM died, in
// this callback or in another stream's? Then the policy decides, and "stop" is the answer.

import type { LocalReplyRequest } from "./context";
import { sparesLiveStreams } from "./failure-policy";
import type { Stream } from "./stream";

/** StopAllIterationAndWatermark: what every refusal of headers becomes. */
export const STOP_HEADERS = 4;
export const STOP_DATA = 3;
export const STOP_TRAILERS = 1;

const NO_BODY = new Uint8Array(0);
const UNAVAILABLE = 14;

const FAIL_REPLY: LocalReplyRequest = {
  code: 503,
  details: "wasm_fail_stream",
  body: NO_BODY,
  headerNames: [],
  headerValues: [],
  grpcStatus: UNAVAILABLE,
};

export const NO_CONFIG_REPLY: LocalReplyRequest = {
  code: 500,
  details: "filter_config_not_found",
  body: NO_BODY,
  headerNames: [],
  headerValues: [],
  grpcStatus: -1,
};

/**
 * @param f the callback, null when the guest does not export it
 * @param stop what a dead VM or a local reply makes of the answer
 * @param max highest status the callback may answer; above it counts as stop
 */
export function runCallback(
  stream: Stream,
  f: ((...args: number[]) => number) | null,
  name: string,
  a: number,
  b: number,
  stop: number,
  max: number,
): number {
  const { vm } = stream;
  if (vm === null || vm.isFailed) return failStream(stream, stop);
  if (f === null) return 0;
  const raw = vm.call(f, name, stream, stream.id, a, b) >>> 0;
  let status = raw;
  if (vm.isFailed) status = failStream(stream, stop);
  else if (vm.stopIteration || raw > max) status = stop;
  vm.afterCall();
  return status;
}

function failStream(stream: Stream, stop: number): number {
  if (sparesLiveStreams(stream.worker.settings.failurePolicy)) return 0;
  if (!stream.streamFailed) {
    stream.streamFailed = true;
    stream.failReplySent = true;
    stream.localReply(FAIL_REPLY);
  }
  return stop;
}
