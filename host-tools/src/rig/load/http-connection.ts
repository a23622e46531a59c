// One keep-alive connection that carries one request at a time. The small client under the load
// generator: node:http's Agent and its per-request objects cost more CPU than Envoy needs to
// answer.

import { connect, type Socket } from "node:net";
import { ResponseParser } from "./response-parser";

export interface LoadTarget {
  readonly port: number;
  /** Default 127.0.0.1; nothing but loopback is meant. */
  readonly host?: string;
}

export interface ConnectionEvents {
  /** The response is complete; the connection is idle or, without keep-alive, closed. */
  onResponse(connection: HttpConnection): void;
  /** Closed, reset, refused or not HTTP before the response was complete. */
  onFailure(connection: HttpConnection): void;
  /** An idle connection was closed by the peer. */
  onIdleClose(connection: HttpConnection): void;
}

// The callback runs before the next read, so that all connections can share one buffer.
const READ_BUFFER = Buffer.allocUnsafeSlow(65_536);

export class HttpConnection {
  private readonly socket: Socket;
  readonly parser = new ResponseParser();
  /** Index of the request in flight; -1 when idle. */
  request = -1;
  /** Monotonic time of the first body byte, or of the head if there is no body. */
  firstByteMs = 0;
  isOpen = true;

  constructor(
    target: LoadTarget,
    private readonly events: ConnectionEvents,
  ) {
    this.socket = connect({
      port: target.port,
      host: target.host ?? "127.0.0.1",
      noDelay: true,
      onread: {
        buffer: READ_BUFFER,
        callback: (length: number) => {
          this.receive(READ_BUFFER.subarray(0, length));
          return true;
        },
      },
    });
    this.socket.on("error", () => this.closed());
    this.socket.on("end", () => this.closed());
    this.socket.on("close", () => this.closed());
  }

  /** @param text a whole request, head and body */
  send(request: number, method: string, text: string): void {
    this.request = request;
    this.firstByteMs = 0;
    this.parser.reset(method);
    this.socket.write(text, "latin1");
  }

  /** Drops the connection and whatever it carries, without an event. */
  destroy(): void {
    this.isOpen = false;
    this.request = -1;
    this.socket.destroy();
  }

  private receive(piece: Buffer): void {
    if (!this.isOpen) return;
    if (this.request < 0) return this.closed(); // bytes that nobody asked for
    try {
      this.parser.push(piece);
    } catch {
      return this.closed();
    }
    if (this.firstByteMs === 0 && (this.parser.bodyBytes > 0 || this.parser.isDone)) {
      this.firstByteMs = performance.now();
    }
    if (this.parser.isDone) this.complete();
  }

  private complete(): void {
    if (!this.parser.keepAlive) {
      this.isOpen = false;
      this.socket.destroy();
    }
    this.events.onResponse(this);
  }

  private closed(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.socket.destroy();
    if (this.request < 0) return this.events.onIdleClose(this);
    const isComplete = this.parser.hasHead && this.parser.close();
    if (isComplete) this.events.onResponse(this);
    else this.events.onFailure(this);
  }
}
