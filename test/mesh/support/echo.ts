// Upstreams that answer with what they were asked: their name in `x-served-by`, the request's headers as
// JSON in the body.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Echo {
  /** Port on 127.0.0.1 by name. */
  readonly ports: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

export async function startEcho(names: readonly string[], host = "127.0.0.1"): Promise<Echo> {
  const servers = names.map(echoServer);
  const ports = await Promise.all(servers.map((server) => listen(server, host)));
  return {
    ports: Object.fromEntries(names.map((name, i) => [name, ports[i]!])),
    stop: async () => {
      await Promise.all(servers.map(close));
    },
  };
}

function echoServer(name: string): Server {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader("x-served-by", name);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(request.headers));
  });
  // Never by itself: a connection that closes just as Envoy takes it for a request is a 503.
  server.keepAliveTimeout = 0;
  return server;
}

function listen(server: Server, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
