// An OpenTelemetry collector's door: takes spans over OTLP's gRPC and keeps them.

import { integerOf, readFields, textOf } from "../../../host-tools/src/onnx/wire";
import { startGrpcServer, type GrpcServer } from "./grpc-server";
import { members, texts } from "./protobuf";

export interface Span {
  /** OTLP calls them attributes. */
  readonly tags: Readonly<Record<string, string | number | boolean>>;
}

export interface TraceCollector extends GrpcServer {
  readonly spans: Span[];
  /** All messages as they arrived, for what must not be in them. */
  readonly raw: Uint8Array[];
}

export async function startTraceCollector(): Promise<TraceCollector> {
  const spans: Span[] = [];
  const raw: Uint8Array[] = [];
  const server = await startGrpcServer((message) => {
    raw.push(message);
    spans.push(...spansOf(message));
    return new Uint8Array(0);
  });
  return { ...server, spans, raw };
}

/** ExportTraceServiceRequest: resource_spans 1, in each scope_spans 2, in each spans 2. */
function spansOf(request: Uint8Array): Span[] {
  return members(request, 1)
    .flatMap((resource) => members(resource, 2))
    .flatMap((scope) => members(scope, 2))
    .map(spanOf);
}

/** Of a Span, attributes 9. */
function spanOf(bytes: Uint8Array): Span {
  return { tags: Object.fromEntries(members(bytes, 9).map(tagOf)) };
}

/** KeyValue: key 1, value 2, which is a string 1, a bool 2, an int 3 or something else. */
function tagOf(bytes: Uint8Array): [string, string | number | boolean] {
  const [key = ""] = texts(bytes, 1);
  const [value] = members(bytes, 2).flatMap((any) => readFields(any));
  if (value === undefined) return [key, ""];
  if (value.number === 1) return [key, textOf(value)];
  return [key, value.number === 2 ? integerOf(value) === 1 : integerOf(value)];
}
