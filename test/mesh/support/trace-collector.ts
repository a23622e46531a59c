// An OpenTelemetry collector's door: takes spans over OTLP's gRPC and keeps them. gRPC by hand, since one
// call with an empty answer is all of it.

import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { integerOf, readFields, textOf, type WireField } from "../../../host-tools/src/onnx/wire";

/** Of OTLP's Span, kind: 2 is a server's, 3 a client's. */
export interface Span {
  readonly traceId: string;
  readonly name: string;
  readonly kind: number;
  readonly tags: Readonly<Record<string, string | number | boolean>>;
  /** Names of the span's events. */
  readonly events: readonly string[];
}

export interface TraceCollector {
  readonly port: number;
  readonly spans: Span[];
  /** All bytes that arrived, for what must not be in them. */
  readonly raw: Buffer[];
  stop(): Promise<void>;
}

export async function startTraceCollector(): Promise<TraceCollector> {
  const spans: Span[] = [];
  const raw: Buffer[] = [];
  const server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream: ServerHttp2Stream) => {
    const chunks: Buffer[] = [];
    // A proxy that ends within an export takes the connection with it.
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const body = Buffer.concat(chunks);
      raw.push(body);
      // gRPC's frame: a flag and four bytes of length before the message.
      spans.push(...spansOf(body.subarray(5)));
      stream.respond(
        { ":status": 200, "content-type": "application/grpc" },
        { waitForTrailers: true },
      );
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(Buffer.alloc(5));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    spans,
    raw,
    stop: async () => {
      for (const session of sessions) session.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
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

function members(message: Uint8Array, number: number): Uint8Array[] {
  return readFields(message)
    .filter((field) => field.number === number)
    .map(({ bytes }) => bytes);
}

function texts(message: Uint8Array, number: number): string[] {
  return members(message, number).map((bytes) => new TextDecoder().decode(bytes));
}
