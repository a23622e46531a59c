// The answer Envoy gives on a filter's behalf: status, the filter's headers, then content-length
// and content-type when there is a body; for a gRPC request the same thing in gRPC's terms.

import type { LocalReplyRequest } from "./context";
import type { HeaderMap } from "./header-map";
import { HeaderSet } from "./header-set";

/** What the client got from the proxy itself. Its headers are the stream's response headers. */
export interface LocalReply {
  readonly code: number;
  readonly details: string;
  readonly body: Uint8Array;
}

const statusSets = new Map<number, HeaderSet>();

/** Fills the response map; returns the body to send, empty for none. */
export function fillLocalReply(
  reply: LocalReplyRequest,
  request: HeaderMap,
  response: HeaderMap,
): Uint8Array {
  response.reset(statusSet(reply.code));
  for (let i = 0; i < reply.headerNames.length; i++) {
    response.add(reply.headerNames[i]!, reply.headerValues[i]!);
  }
  const isHead = request.get(":method") === "HEAD";
  if (isGrpc(request)) {
    fillGrpc(reply, response, isHead);
    return NO_BODY;
  }
  if (reply.body.length === 0) {
    response.remove("content-length");
    response.remove("content-type");
    return NO_BODY;
  }
  response.set("content-length", String(reply.body.length));
  if (response.get("content-type") === undefined) response.add("content-type", "text/plain");
  return isHead ? NO_BODY : reply.body;
}

const NO_BODY = new Uint8Array(0);

function fillGrpc(reply: LocalReplyRequest, response: HeaderMap, isHead: boolean): void {
  response.set(":status", "200");
  response.set("content-type", "application/grpc");
  if (response.get("grpc-status") === undefined) {
    const status = reply.grpcStatus >= 0 ? reply.grpcStatus : grpcStatusOf(reply.code);
    response.add("grpc-status", String(status));
  }
  if (reply.body.length > 0 && !isHead) response.set("grpc-message", percentEncode(reply.body));
  response.remove("content-length");
}

function statusSet(code: number): HeaderSet {
  let set = statusSets.get(code);
  if (set === undefined) {
    set = HeaderSet.compile("response", [[":status", String(code)]]);
    statusSets.set(code, set);
  }
  return set;
}

function isGrpc(request: HeaderMap): boolean {
  const type = request.get("content-type");
  return type !== undefined && /^application\/grpc($|\+)/.test(type);
}

/** The gRPC status that stands for an HTTP status. */
export function grpcStatusOf(httpCode: number): number {
  switch (httpCode) {
    case 400:
      return 13;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;
    default:
      return 2;
  }
}

function percentEncode(body: Uint8Array): string {
  let text = "";
  for (const byte of body) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x25;
    text += plain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}
