// A gRPC server on loopback by hand, since calls of one message each, answered at once, are all of it.

import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";

/** Before each message: a flag and four bytes of length. */
const FRAME_BYTES = 5;

export interface GrpcServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** @param answer gives the message that answers a call's; whatever is called */
export async function startGrpcServer(
  answer: (message: Uint8Array) => Uint8Array,
): Promise<GrpcServer> {
  const server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream: ServerHttp2Stream) => {
    const chunks: Buffer[] = [];
    // An Envoy that ends within a call; without a listener the error would end the tests.
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => reply(stream, answer(Buffer.concat(chunks).subarray(FRAME_BYTES))));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      for (const session of sessions) session.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function reply(stream: ServerHttp2Stream, message: Uint8Array): void {
  const frame = Buffer.alloc(FRAME_BYTES);
  frame.writeUInt32BE(message.length, 1);
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.concat([frame, message]));
}
