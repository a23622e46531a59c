import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cluster, ClusterObject } from "../../../host-tools/src/cluster";
import { awaitEffect, fleetEpoch, type Fleet } from "../../../host-tools/src/weights/fleet";
import type { ProxyReading } from "../../../host-tools/src/weights/metrics-page";
import {
  apiServerSource,
  directSource,
  type PageSource,
  prometheusSource,
} from "../../../host-tools/src/weights/page-source";
import { findProxies, namedProxies } from "../../../host-tools/src/weights/proxy-finder";
import { FakeApiServer, NotedClock } from "../cluster/fake-api-server";
import { live, pluginConfig } from "./filter-fixture";

const reading = (epoch: number, heartbeatS = 500): ProxyReading => ({
  workers: new Map([["0", { epoch, heartbeatS, configError: false, modelVersion: 1 }]]),
  concurrency: 0,
  refused: 0,
  stale: 0,
  imageFailures: 0,
});

/** Proxies whose epochs follow a script, one entry per round. */
function scripted(rounds: Readonly<Record<string, readonly number[]>>[]): Fleet {
  let round = -1;
  const names = (): string[] => Object.keys(rounds[Math.min(round, rounds.length - 1)]!);
  const source: PageSource = {
    name: "script",
    silenceMs: 2_000,
    read: ({ name }) => {
      const [epoch, heartbeatS] = rounds[Math.min(round, rounds.length - 1)]![name]!;
      if (epoch! < 0) return Promise.reject(new Error("unreachable (ECONNREFUSED)"));
      return Promise.resolve(reading(epoch!, heartbeatS ?? 500 + round));
    },
  };
  return {
    source,
    find: () => {
      round += 1;
      const proxies = names().map((name) => ({ name, address: undefined, pod: undefined }));
      return Promise.resolve({ proxies, without: [] });
    },
  };
}

const awaited = (fleet: Fleet, withinMs = 10_000) =>
  awaitEffect(fleet, new NotedClock(), { epoch: 4, withinMs });

describe("waiting for a fleet", () => {
  it("ends when the last proxy has the epoch", async () => {
    const fleet = scripted([
      { a: [3], b: [3] },
      { a: [4], b: [3] },
      { a: [4], b: [4] },
    ]);
    expect(await awaited(fleet)).toMatchObject({ effective: true });
  });

  it("waits for a pod that has come meanwhile, and not for one that has gone", async () => {
    const fleet = scripted([
      { a: [4], b: [3] },
      { a: [4], c: [3] },
      { a: [4], c: [4] },
    ]);
    const state = await awaited(fleet);
    expect(state.effective).toBe(true);
    expect(state.proxies.map(({ name }) => name)).toEqual(["a", "c"]);
  });

  it("gives up in time and says of each proxy what it lacks", async () => {
    const state = await awaited(scripted([{ a: [4], b: [-1] }]), 3_000);
    expect(state.effective).toBe(false);
    expect(state.proxies.map(({ name, effect }) => [name, effect])).toEqual([
      ["a", { effective: true, vms: 1 }],
      ["b", { effective: false, cause: "unreachable", reason: "unreachable (ECONNREFUSED)" }],
    ]);
  });

  it("takes a proxy for dead whose heartbeats stand still, for as long as they do", async () => {
    const still = { a: [4, 500], b: [3, 500] };
    const standing = Array.from({ length: 7 }, () => still);
    const state = await awaited(scripted(standing), 3_000);
    for (const { effect } of state.proxies) expect(effect).toMatchObject({ cause: "dead worker" });
    const moving = await awaited(scripted([...standing, { a: [4, 501], b: [4, 501] }]));
    expect(moving.effective).toBe(true);
  });

  it("finds nothing effective where there is no proxy at all", async () => {
    expect((await awaited(scripted([{}]), 1_000)).effective).toBe(false);
  });

  it("ends early when somebody says so", async () => {
    let rounds = 0;
    const state = await awaitEffect(scripted([{ a: [3] }]), new NotedClock(), {
      epoch: 4,
      withinMs: 60_000,
      shallEnd: () => Promise.resolve(++rounds === 3),
    });
    expect([state.effective, rounds]).toEqual([false, 3]);
  });

  it("knows the highest epoch that any proxy has", async () => {
    expect(fleetEpoch(await awaited(scripted([{ a: [3], b: [8], c: [-1] }]), 0))).toBe(8);
  });
});

function pod(name: string, more: object = {}, status: object = {}): ClusterObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "ai", ...more },
    spec: { containers: [{ name: "istio-proxy" }] },
    status: { phase: "Running", podIP: "10.0.0.1", ...status },
  };
}

describe("the proxies of an object", () => {
  const found = async (pods: readonly ClusterObject[], meshWide = false) => {
    const asked: unknown[] = [];
    const cluster = {
      list: (_kind: unknown, options: unknown) => {
        asked.push(options);
        return Promise.resolve([...pods]);
      },
    } as unknown as Cluster;
    return { asked, ...(await findProxies(cluster, live(pluginConfig(1)), meshWide)) };
  };

  it("are the running pods that its selector takes and that have a proxy", async () => {
    const app = { ...pod("c-app"), spec: { containers: [{ name: "app" }] } };
    const { asked, proxies, without } = await found([
      pod("b"),
      pod("a", { annotations: { "prometheus.io/port": "15020", "prometheus.io/path": "/x" } }),
      pod("ended", {}, { phase: "Succeeded" }),
      pod("leaving", { deletionTimestamp: "2026-01-01T00:00:00Z" }),
      app,
    ]);
    expect(asked).toEqual([{ namespace: "ai", labelSelector: "ganglion=on" }]);
    expect(proxies).toEqual([
      {
        name: "ai/a",
        address: { host: "10.0.0.1", port: 15020, path: "/x" },
        pod: { namespace: "ai", name: "a" },
      },
      {
        name: "ai/b",
        address: { host: "10.0.0.1", port: 15090, path: "/stats/prometheus" },
        pod: { namespace: "ai", name: "b" },
      },
    ]);
    expect(without).toEqual(["ai/c-app"]);
  });

  it("are those of all namespaces for an object in the root namespace", async () => {
    expect((await found([], true)).asked).toEqual([
      { namespace: "", labelSelector: "ganglion=on" },
    ]);
  });

  it("can be named by address", () => {
    const named = namedProxies("10.0.0.7:15090, [::1]:1/x");
    expect(named.map(({ name }) => name)).toEqual(["10.0.0.7:15090", "[::1]:1"]);
    expect(named.map(({ address }) => address)).toEqual([
      { host: "10.0.0.7", port: 15090, path: "/stats/prometheus" },
      { host: "::1", port: 1, path: "/x" },
    ]);
    expect(() => namedProxies("10.0.0.7")).toThrow("10.0.0.7 is not HOST:PORT[/PATH]");
  });
});

describe("a metrics page", () => {
  const PAGE =
    "worker___0___ganglion_config_epoch{} 4\nworker___0___ganglion_heartbeat_seconds{} 9\n";
  let server: Server;
  let host = "";
  let asked = "";
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked = request.url ?? "";
      if (asked.startsWith("/gone")) response.writeHead(404).end();
      else if (!asked.startsWith("/api/v1/query")) response.end(PAGE);
      else {
        const value = (text: string) => [1, text];
        const named = (name: string) => ({ __name__: name, worker: "0", pod: "a" });
        const fetched = { __name__: "istio_agent_wasm_remote_fetch_count", pod: "a" };
        const fetches = ["success", "download_failure"];
        // Prometheus gives what the query names, and nothing else.
        const query = new URL(asked, "http://prometheus").searchParams.get("query") ?? "";
        const wanted = new RegExp(`^(?:${/__name__=~"([^"]*)"/.exec(query)?.[1]})$`);
        response.end(
          JSON.stringify({
            data: {
              result: [
                { metric: named("ganglion_config_epoch"), value: value("4") },
                { metric: named("ganglion_heartbeat_seconds"), value: value("9") },
                ...fetches.map((result) => ({ metric: { ...fetched, result }, value: value("2") })),
              ].filter(({ metric }) => wanted.test(metric.__name__)),
            },
          }),
        );
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  const epochOf = (one: ProxyReading) => one.workers.get("0")?.epoch;

  it("is read from the proxy itself", async () => {
    expect(epochOf(await directSource.read(namedProxies(host)[0]!))).toBe(4);
    await expect(directSource.read(namedProxies(`${host}/gone`)[0]!)).rejects.toThrow("status 404");
    const closed = namedProxies("127.0.0.1:1")[0]!;
    await expect(directSource.read(closed)).rejects.toThrow("unreachable (ECONNREFUSED)");
  });

  it("is read from a Prometheus by namespace and pod", async () => {
    const place = { name: "ai/a", address: undefined, pod: { namespace: "ai", name: "a" } };
    expect(epochOf(await prometheusSource(`http://${host}`).read(place))).toBe(4);
    expect(decodeURIComponent(asked)).toContain('namespace="ai",pod="a"');
  });

  it("tells of images that the agent could not fetch by a Prometheus too", async () => {
    const place = { name: "ai/a", address: undefined, pod: { namespace: "ai", name: "a" } };
    expect((await prometheusSource(`http://${host}`).read(place)).imageFailures).toBe(2);
  });

  it("names the Prometheus that cannot be asked, and why", async () => {
    const [place] = namedProxies(host);
    await expect(prometheusSource(`http://${host}/gone`).read(place!)).rejects.toThrow(
      `Prometheus at http://${host}/gone: status 404`,
    );
    const closing = createServer();
    await new Promise<void>((resolve) => closing.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(closing.address() as AddressInfo).port}`;
    await new Promise((resolve) => closing.close(resolve));
    await expect(prometheusSource(url).read(place!)).rejects.toThrow(
      `Prometheus at ${url}: unreachable (ECONNREFUSED)`,
    );
  });

  it("is read through the API server", async () => {
    const api = await FakeApiServer.start();
    api.play({ status: 200, body: PAGE });
    const place = { name: "ai/a", address: undefined, pod: { namespace: "ai", name: "a" } };
    expect(epochOf(await apiServerSource(await api.connect()).read(place))).toBe(4);
    expect(api.seen[0]?.path).toBe("/api/v1/namespaces/ai/pods/a:15090/proxy/stats/prometheus");
    await api.stop();
  });
});
