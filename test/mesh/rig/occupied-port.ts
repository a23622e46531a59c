// A port that is taken. istio-agent serves its status page on all addresses of the machine, cannot be told
// otherwise and cannot be told not to; where the port is taken it says so in its log and goes on without.

import { createServer, type AddressInfo } from "node:net";

let occupied: Promise<number> | undefined;

/** The port; it stays taken as long as this process lives, and holds the process back from nothing. */
export function occupiedPort(): Promise<number> {
  occupied ??= new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
    server.unref();
  });
  return occupied;
}
