// A TCP hop with faults, to put between two parts of a mesh: connections are refused, cut, delayed or left
// hanging. It runs in this process, so it stands still while the process waits synchronously.

import { connect, createServer, type Server, type Socket } from "node:net";
import { stablePorts } from "./free-ports";

/** What happens to bytes and connections, until told otherwise. */
export type LinkState =
  /** Passed on. */
  | "open"
  /** New connections are refused, and what was open is reset. */
  | "cut"
  /** Connections open, and nothing is passed on: bytes in flight wait. */
  | "hanging";

export class FaultLink {
  private state: LinkState = "open";
  private delayMs = 0;
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();
  private readonly held: (() => void)[] = [];

  private constructor(
    /** Where to connect instead of to the target, on 127.0.0.1. */
    readonly port: number,
    private readonly targetPort: number,
  ) {}

  /** A link to `targetPort` on 127.0.0.1. */
  static async open(targetPort: number): Promise<FaultLink> {
    const [port] = (await stablePorts(1)) as [number];
    const link = new FaultLink(port, targetPort);
    await link.listen();
    return link;
  }

  /** Host and port. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async set(state: LinkState): Promise<void> {
    this.state = state;
    if (state === "cut") {
      this.resetConnections();
      await this.unlisten();
      return;
    }
    if (this.server === undefined) await this.listen();
    if (state === "open") for (const send of this.held.splice(0)) send();
  }

  /** Delays what passes from now on, each way. Order is kept. */
  delay(delayMs: number): void {
    this.delayMs = delayMs;
  }

  /** Resets the connections of this moment and lets new ones in. */
  resetConnections(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
    this.sockets.clear();
    this.held.length = 0;
  }

  async close(): Promise<void> {
    this.resetConnections();
    await this.unlisten();
  }

  private listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (client) => this.accept(client));
    this.server = server;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.port, "127.0.0.1", resolve);
    });
  }

  private async unlisten(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  private accept(client: Socket): void {
    const target = connect({ port: this.targetPort, host: "127.0.0.1", allowHalfOpen: true });
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      from.setNoDelay(true);
      this.sockets.add(from);
      from.on("data", (bytes: Buffer) => this.pass(() => to.write(bytes)));
      from.on("end", () => this.pass(() => to.end()));
      from.on("error", () => to.resetAndDestroy());
      from.on("close", () => this.sockets.delete(from));
    }
  }

  private pass(send: () => void): void {
    const now = () => void (this.state === "hanging" ? this.held.push(send) : send());
    // Timers of one length fire in the order they were set.
    if (this.delayMs > 0) setTimeout(now, this.delayMs);
    else now();
  }
}
