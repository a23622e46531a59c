// The child process that hosts upstreams: a thin shell of calls around UpstreamServer.

import type { ChildMethods } from "../child-service";
import { UpstreamServer, type UpstreamCounts, type UpstreamSpec } from "./upstream-server";

export type UpstreamChange = Parameters<UpstreamServer["configure"]>[0];

export function upstreamMethods(): ChildMethods {
  const servers = new Map<string, UpstreamServer>();
  return {
    async open({ specs, seed }: { specs: UpstreamSpec[]; seed: number }) {
      const ports: Record<string, number> = {};
      for (const spec of specs) {
        const server = new UpstreamServer(spec, seed);
        ports[spec.name] = await server.listen();
        servers.set(spec.name, server);
      }
      return ports;
    },
    start() {
      for (const server of servers.values()) server.start();
    },
    configure({ name, change }: { name: string; change: UpstreamChange }) {
      const server = servers.get(name);
      if (!server) throw new Error(`no upstream ${name}`);
      server.configure(change);
    },
    counts() {
      const counts: Record<string, UpstreamCounts> = {};
      for (const [name, server] of servers) counts[name] = server.readCounts();
      return counts;
    },
  };
}
