// An OpenTelemetry collector's door: takes spans over OTLP's gRPC and keeps them.

import { integerOf, readFields, textOf, type WireField } from "../../../host-tools/src/onnx/wire";
import { startGrpcServer, type GrpcServer } from "./grpc-server";
import { members, texts } from "./protobuf";

/** Of OTLP's Span, kind: 2 is a server's, 3 a client's. */
export interface Span {
  readonly traceId: string;
  readonly name: string;
  readonly kind: number;
  readonly tags: Readonly<Record<string, string | number | boolean>>;
  /** Names of the span's events. */
  readonly events: readonly string[];
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

function spanOf(bytes: Uint8Array): Span {
  const fields = readFields(bytes);
  const of = (number: number): WireField[] => fields.filter((field) => field.number === number);
  const [kind] = of(6);
  return {
    traceId: Buffer.from(of(1)[0]?.bytes ?? []).toString("hex"),
    name: of(5).map(textOf).join(),
    kind: kind === undefined ? 0 : integerOf(kind),
    tags: Object.fromEntries(of(9).map((field) => tagOf(field.bytes))),
    events: of(11).flatMap(({ bytes: event }) => texts(event, 2)),
  };
}

/** KeyValue: key 1, value 2, which is a string 1, a bool 2, an int 3 or something else. */
function tagOf(bytes: Uint8Array): [string, string | number | boolean] {
  const [key = ""] = texts(bytes, 1);
  const [value] = members(bytes, 2).flatMap((any) => readFields(any));
  if (value === undefined) return [key, ""];
  if (value.number === 1) return [key, textOf(value)];
  return [key, value.number === 2 ? integerOf(value) === 1 : integerOf(value)];
}
