// A rate limit service that answers by rule and remembers what it was asked: gRPC by hand, since all
// that is needed of it is one call with one field in the answer.

import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";

const OK = 1;
const OVER_LIMIT = 2;

export interface RateLimitService {
  readonly port: number;
  /** Texts of each request: domain, then keys and values of its descriptors. */
  readonly asked: string[][];
  stop(): Promise<void>;
}

/** @param isOver tells by a request's texts whether it is over the limit */
export async function startRateLimitService(
  isOver: (texts: readonly string[]) => boolean,
): Promise<RateLimitService> {
  const asked: string[][] = [];
  const server: Http2Server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream: ServerHttp2Stream) => {
    const chunks: Buffer[] = [];
    // An Envoy that ends within a call; without a listener the error would end the tests.
    stream.on("error", () => undefined);
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const texts = textsOf(Buffer.concat(chunks).subarray(5));
      asked.push(texts);
      answer(stream, isOver(texts) ? OVER_LIMIT : OK);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    stop: async () => {
      for (const session of sessions) session.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** RateLimitResponse with overall_code alone, in gRPC's frame of five bytes. */
function answer(stream: ServerHttp2Stream, code: number): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.from([0, 0, 0, 0, 2, 8, code]));
}

/**
 * Strings of a protobuf message in their order, nested messages included: domain is field 1, a
 * descriptor field 2 with entries of field 1, each with key 1 and value 2.
 */
function textsOf(message: Buffer): string[] {
  const texts: string[] = [];
  for (const { field, bytes } of fieldsOf(message)) {
    if (field === 1) texts.push(bytes.toString("utf8"));
    if (field !== 2) continue;
    for (const entry of fieldsOf(bytes)) {
      for (const { bytes: text } of fieldsOf(entry.bytes)) texts.push(text.toString("utf8"));
    }
  }
  return texts;
}

interface WireField {
  readonly field: number;
  readonly bytes: Buffer;
}

function fieldsOf(message: Buffer): WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    if ((tag & 7) === 0) varint();
    else if ((tag & 7) === 2) {
      const length = varint();
      fields.push({ field: tag >> 3, bytes: message.subarray(at, at + length) });
      at += length;
    } else throw new Error(`wire type ${tag & 7} is not expected here`);
  }
  return fields;
}
