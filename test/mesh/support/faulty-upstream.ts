// An upstream whose share of errors is exact at every moment, not on the average: of any thousand
// answers in a row, so many are 503. Luck would decide between 4.9 and 5.1 % in a short run. And it
// notes when its last request came, which is how long a killed canary still got any.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export class FaultyUpstream {
  requests = 0;
  errors = 0;
  /** By performance.now(); of requests that are no check of ours. */
  lastRequestMs = 0;
  private errorPermille = 0;
  private owed = 0;

  private constructor(private readonly server: Server) {}

  static async start(name: string): Promise<FaultyUpstream> {
    const server = createServer();
    const upstream = new FaultyUpstream(server);
    server.on("request", (request, response) => {
      request.resume();
      const failed = upstream.count();
      response.writeHead(failed ? 503 : 200, { "x-served-by": name }).end("ok");
    });
    // Never by itself: a connection that closes just as Envoy takes it for a request is a 503.
    server.keepAliveTimeout = 0;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return upstream;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on. */
  fail(errorPermille: number): void {
    this.errorPermille = errorPermille;
    this.owed = 0;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private count(): boolean {
    this.requests += 1;
    this.lastRequestMs = performance.now();
    this.owed += this.errorPermille;
    if (this.owed < 1000) return false;
    this.owed -= 1000;
    this.errors += 1;
    return true;
  }
}
