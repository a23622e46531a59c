// Ports and addresses that a mesh keeps over restarts of its parts. Port 0 would give one from the range
// that outgoing connections draw from as well, and while the API server is down somebody's connection
// could take it; so these come from below that range (Linux begins it at 32768).
//
// What is given away is bound by nobody for a while, and another process may be looking too. So each is
// marked by a UDP socket of the same number, which stands in no TCP program's way, until we are gone.

import { createSocket } from "node:dgram";
import { createServer } from "node:net";

const FIRST = 18_000;
const LAST = 32_700;
/** Marks a network, on its last address. */
const NETWORK_MARK_PORT = 17_999;
const TRIES_MAX = 10_000;

/** `count` TCP ports that are free on this machine, given to nobody else while this process lives. */
export async function stablePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries++) {
    if (tries === TRIES_MAX) throw new Error(`no ${count} free ports from ${FIRST} to ${LAST}`);
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if ((await isFree(port)) && (await mark("127.0.0.1", port))) ports.push(port);
  }
  return ports;
}

/** A /24 of 127.0.0.0/8, as `127.A.B`, given to nobody else while this process lives. */
export async function loopbackNetwork(): Promise<string> {
  const part = () => 1 + Math.floor(Math.random() * 250);
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const network = `127.${part()}.${part()}`;
    if (await mark(`${network}.254`, NETWORK_MARK_PORT)) return network;
  }
  throw new Error("no free network in 127.0.0.0/8");
}

function mark(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => resolve(false));
    socket.bind({ address, port, exclusive: true }, () => {
      socket.unref();
      resolve(true);
    });
  });
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
