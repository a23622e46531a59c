// proxy_get_property. Which path answers depends on the phase, and filters are written against
// that: request.path is gone in the response phase, response.code is not there before it,
// request.duration exists in the log only. What the host cannot know (addresses, clusters, node)
// comes from attributes.

import type { Context } from "./context";
import type { HeaderMap } from "./header-map";
import { grpcStatusOf } from "./local-reply";
import type { AttributeValue, StreamInfo } from "./stream-info";
import type { WasmVm } from "./wasm-vm";

/** @returns the value's bytes as the guest gets them, or undefined for NotFound */
export function readProperty(vm: WasmVm, context: Context, path: string): Uint8Array | undefined {
  // A trailing NUL ends the last part; it does not start another.
  const parts = (path.endsWith("\0") ? path.slice(0, -1) : path).split("\0");
  const value = find(vm, context, parts);
  if (value === undefined) return undefined;
  return value instanceof Uint8Array ? value : encode(value);
}

function find(vm: WasmVm, context: Context, parts: string[]): AttributeValue | undefined {
  const [first, second] = parts;
  if (first === "plugin_name" && parts.length === 1) return context.plugin?.name;
  if (first === "plugin_root_id" && parts.length === 1) return context.root.plugin?.rootId ?? "";
  if (first === "plugin_vm_id" && parts.length === 1) return vm.settings.vmId;
  const { info } = context;
  if (info === null) {
    const isNode = first === "xds" && second === "node";
    return isNode ? vm.settings.attributes.get(parts.join("\0")) : undefined;
  }
  if (first === "request") return requestValue(vm, context, info, parts);
  if (first === "response") return responseValue(context, info, parts);
  if (first === "filter_state") return info.filterState?.get(parts.slice(1).join("\0"));
  if (first === "connection_id" && parts.length === 1) {
    return info.attributes?.get("connection\0id") ?? 1;
  }
  const hidden =
    (first === "upstream" && second !== "num_endpoints") ||
    (first === "xds" && second === "upstream_host_metadata");
  if (hidden && !info.upstreamKnown) return undefined;
  if (parts.length === 1) {
    const state = info.filterState?.get(`wasm.${first ?? ""}`);
    if (state !== undefined) return state;
  }
  return info.attributes?.get(parts.join("\0"));
}

function requestValue(
  vm: WasmVm,
  context: Context,
  info: StreamInfo,
  parts: string[],
): AttributeValue | undefined {
  const headers = context.requestHeaders ?? context.logRequestHeaders;
  const name = parts[1];
  if (name === "headers") return headerValue(headers, parts);
  if (parts.length !== 2) return undefined;
  switch (name) {
    case "time":
      return vm.process.clock.wallAt(info.startNs);
    case "protocol":
      return info.protocol;
    case "headers_bytes":
      return headers?.byteSize() ?? 0;
    case "total_size":
      return info.bytesReceived + (headers?.byteSize() ?? 0);
    case "size":
      return contentLength(headers) ?? info.bytesReceived;
    case "duration":
      return info.durationNs < 0 ? undefined : info.durationNs;
    default:
      return headers === null ? undefined : requestHeaderValue(headers, name ?? "");
  }
}

const REQUEST_HEADERS: Readonly<Record<string, string>> = {
  path: ":path",
  host: ":authority",
  scheme: ":scheme",
  method: ":method",
  referer: "referer",
  id: "x-request-id",
  useragent: "user-agent",
};

function requestHeaderValue(headers: HeaderMap, name: string): string | undefined {
  const path = headers.get(":path") ?? "";
  const query = path.indexOf("?");
  if (name === "url_path") return query < 0 ? path : path.slice(0, query);
  if (name === "query") return query < 0 ? "" : path.slice(query + 1).split("#", 1)[0];
  const header = Object.hasOwn(REQUEST_HEADERS, name) ? REQUEST_HEADERS[name] : undefined;
  return header === undefined ? undefined : headers.get(header);
}

function responseValue(
  context: Context,
  info: StreamInfo,
  parts: string[],
): AttributeValue | undefined {
  const headers = context.responseHeaders ?? context.logResponseHeaders;
  const trailers = context.responseTrailers ?? context.logResponseTrailers;
  const name = parts[1];
  if (name === "headers") return headerValue(headers, parts);
  if (name === "trailers") return headerValue(trailers, parts);
  if (parts.length !== 2) return undefined;
  switch (name) {
    case "code":
      return info.responseCode === 0 ? undefined : info.responseCode;
    case "code_details":
      return info.responseCodeDetails === "" ? undefined : info.responseCodeDetails;
    case "flags":
      return info.responseFlags;
    case "size":
      return info.bytesSent;
    case "headers_bytes":
      return headers?.byteSize() ?? 0;
    case "total_size":
      return info.bytesSent + (headers?.byteSize() ?? 0) + (trailers?.byteSize() ?? 0);
    case "grpc_status":
      return grpcStatus(trailers) ?? grpcStatus(headers) ?? impliedGrpcStatus(info);
    case "backend_latency":
      return info.backendLatencyNs < 0 ? undefined : info.backendLatencyNs;
    default:
      return undefined;
  }
}

/** Envoy maps the HTTP status when no gRPC status was sent, whatever the protocol. */
function impliedGrpcStatus(info: StreamInfo): number | undefined {
  return info.responseCode === 0 ? undefined : grpcStatusOf(info.responseCode);
}

function headerValue(map: HeaderMap | null, parts: string[]): AttributeValue | undefined {
  if (parts.length === 2) {
    if (map === null || map.size === 0) return new Uint8Array([0, 0, 0, 0]);
    const bytes = new Uint8Array(map.pairsSizeBytes());
    map.writePairs(bytes, 0);
    return bytes;
  }
  return parts.length === 3 ? map?.getAll(parts[2]!).join(",") || undefined : undefined;
}

function contentLength(headers: HeaderMap | null): number | undefined {
  const value = headers?.get("content-length");
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}

function grpcStatus(map: HeaderMap | null): number | undefined {
  const value = map?.get("grpc-status");
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}

function encode(value: string | number | bigint | boolean): Uint8Array {
  if (typeof value === "string") return Uint8Array.from(Buffer.from(value, "latin1"));
  if (typeof value === "boolean") return new Uint8Array([value ? 1 : 0]);
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  if (typeof value === "number" && !Number.isInteger(value)) view.setFloat64(0, value, true);
  else view.setBigInt64(0, BigInt(value), true);
  return bytes;
}
