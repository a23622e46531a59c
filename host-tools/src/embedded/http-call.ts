// Call-outs of the guest (proxy_http_call). The host has no network: a handler supplied by the test
// decides what each call answers and when, on the virtual clock.

import { WasmResult } from "./abi";
import type { Context } from "./context";
import { HeaderMap } from "./header-map";
import { HeaderSet, type Header } from "./header-set";
import type { Pairs } from "./pairs";
import type { WasmVm } from "./wasm-vm";

export interface HttpCall {
  readonly cluster: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  readonly trailers: readonly Header[];
  readonly timeoutMs: number;
}

export interface HttpCallAnswer {
  /** Virtual nanoseconds until the answer; default 0 (at the next advance). */
  readonly afterNs?: number;
  /** Absent: the call fails ("reset"). */
  readonly headers?: readonly Header[];
  readonly body?: Uint8Array;
  readonly trailers?: readonly Header[];
}

/** @returns undefined for a cluster that does not exist */
export type HttpCallHandler = (call: HttpCall) => HttpCallAnswer | undefined;

/** @returns the status, and the token when it is Ok */
export function startHttpCall(
  vm: WasmVm,
  root: Context,
  cluster: string,
  headers: Pairs,
  body: Uint8Array,
  trailers: Pairs,
  timeoutMs: number,
): { status: WasmResult; token: number } {
  const refused = { status: WasmResult.BadArgument, token: 0 };
  if (timeoutMs < 0 || vm.settings.onHttpCall === undefined) return refused;
  const map = HeaderSet.compile("request", toList(headers));
  const answer = vm.settings.onHttpCall({
    cluster,
    headers: map.toList(),
    body: body.slice(),
    trailers: toList(trailers),
    timeoutMs,
  });
  if (answer === undefined) return refused;
  const required = [":path", ":method", ":authority"];
  if (required.some((name) => map.get(name) === undefined)) return refused;
  vm.nextHttpCallId += 4;
  const token = vm.nextHttpCallId;
  const { clock } = vm.process;
  const wake = { rank: vm.rank, tick: () => deliver(vm, root, token, answer) };
  clock.setTimer(wake, token, Math.max(answer.afterNs ?? 0, 1));
  return { status: WasmResult.Ok, token };
}

function deliver(vm: WasmVm, root: Context, token: number, answer: HttpCallAnswer): void {
  if (vm.isFailed || vm.onHttpCallResponse === null || !vm.contexts.has(root.id)) return;
  const f = vm.onHttpCallResponse;
  const name = "proxy_on_http_call_response";
  if (answer.headers === undefined) {
    root.statusCode = WasmResult.BrokenConnection;
    root.statusMessage = "reset";
    vm.call(f, name, root, root.id, token, 0, 0, 0);
    vm.afterCall();
    root.statusMessage = "";
    return;
  }
  const headers = filled("response", answer.headers);
  const trailers =
    answer.trailers === undefined ? null : filled("response-trailers", answer.trailers);
  const body = answer.body ?? new Uint8Array(0);
  root.httpCallResponse = { headers, body, trailers };
  vm.call(f, name, root, root.id, token, headers.size, body.length, trailers?.size ?? 0);
  vm.afterCall();
  root.httpCallResponse = null;
}

function filled(kind: "response" | "response-trailers", headers: readonly Header[]): HeaderMap {
  const map = new HeaderMap(kind);
  map.reset(HeaderSet.compile(kind, headers));
  return map;
}

function toList(pairs: Pairs): Header[] {
  return pairs.names.map((name, i) => [name, pairs.values[i]!] as const);
}
