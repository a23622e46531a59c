// A port that was free a moment ago, for programs that cannot take port 0 and tell what they got.
// Ours and Envoy can (`--admin-address-path`, /listeners), so this is the second choice: between
// our close and the other's bind somebody may take the port.

import { createServer, type AddressInfo } from "node:net";

/** A free TCP port on 127.0.0.1. */
export function freePort(): Promise<number> {
  return freePorts(1).then(([port]) => port as number);
}

/** `count` different free TCP ports on 127.0.0.1, held together until all are known. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  try {
    await Promise.all(
      servers.map(
        (server) =>
          new Promise<void>((resolve, reject) => {
            server.once("error", reject);
            server.listen(0, "127.0.0.1", resolve);
          }),
      ),
    );
    return servers.map((server) => (server.address() as AddressInfo).port);
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}
