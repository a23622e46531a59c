// Ports and addresses that a mesh keeps over restarts of its parts. Port 0 would give one from the range
// that outgoing connections draw from as well, and while the API server is down somebody's connection
// could take it; so these come from below that range (Linux begins it at 32768).

import { createServer } from "node:net";

const FIRST = 18_000;
const LAST = 32_700;

const given = new Set<number>();

/** `count` TCP ports that are free on 127.0.0.1 and that this process gives to nobody else. */
export async function stablePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    ports.push(port);
  }
  return ports;
}

/**
 * A /24 of 127.0.0.0/8 for the workloads of one mesh, as `127.A.B`. By chance, since nobody can be asked:
 * two of some 60,000 at once are unlikely to meet.
 */
export function loopbackNetwork(): string {
  const part = () => 1 + Math.floor(Math.random() * 250);
  return `127.${part()}.${part()}`;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    // All addresses, so that a port that somebody holds on any of them counts as taken.
    server.listen({ port, host: "0.0.0.0", exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}
