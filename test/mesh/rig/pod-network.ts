// How the API server reaches pods. It refuses to proxy to loopback addresses, where all of the rig's pods
// are, so a pod may have an address that leads nowhere: the server is told to reach pods through a tunnel
// (EgressSelectorConfiguration, HTTP CONNECT over a Unix socket), and the tunnel ends on loopback. Nothing
// listens anywhere else, and the server's own code for proxying to a pod is what runs.

import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";

export class PodNetwork {
  /** Where each address leads; what is not in here cannot be reached. */
  private readonly places = new Map<string, string>();
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    /** Path of the API server's --egress-selector-config-file. */
    readonly configPath: string,
  ) {}

  static async start(folder: string): Promise<PodNetwork> {
    const socketPath = join(folder, "pods.sock");
    const configPath = join(folder, "egress-selector.json");
    const connection = {
      proxyProtocol: "HTTPConnect",
      transport: { uds: { udsName: socketPath } },
    };
    const config = {
      apiVersion: "apiserver.k8s.io/v1beta1",
      kind: "EgressSelectorConfiguration",
      egressSelections: [{ name: "cluster", connection }],
    };
    writeFileSync(configPath, JSON.stringify(config));
    const server = createServer();
    const network = new PodNetwork(server, configPath);
    server.on("connect", ({ url = "" }, socket: Socket) => network.tunnel(url, socket));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(socketPath, resolve);
    });
    return network;
  }

  /** @param address of a pod @param loopback where it leads, every port to the same one there */
  route(address: string, loopback: string): void {
    this.places.set(address, loopback);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private tunnel(target: string, socket: Socket): void {
    const [, address = "", port] = /^(.+):(\d+)$/.exec(target) ?? [];
    // What is on loopback anyway, such as a webhook, is reached as without a tunnel.
    const loopback = address.startsWith("127.") ? address : this.places.get(address);
    this.keep(socket);
    if (loopback === undefined) {
      socket.end("HTTP/1.1 502 no such pod\r\n\r\n");
      return;
    }
    const onward = connect(Number(port), loopback, () => {
      socket.write("HTTP/1.1 200 connected\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    this.keep(onward);
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket)).on("error", () => {});
  }
}
