// The mesh rig itself: one object applied, and a header is another one at the far end; several proxies;
// and nothing left behind.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PluginConfig } from "../../host-tools/src/config/plugin-config";
import { readFilterModule } from "../../host-tools/src/lib/filter-module";
import {
  eventually,
  httpGateway,
  KubeClient,
  Mesh,
  meshCanRun,
  meshService,
  type Proxy,
} from "./rig";
import { startEcho, type Echo } from "./support/echo";
import { processesNaming } from "./support/processes";
import { slowness } from "./support/slowness";

/** On a quiet machine with two cores. */
const READY_MS_MAX = 30_000;
const PORT = 8080;
const HOST = "llm-service.default.svc.cluster.local";

/** The default arm has no weight, so the filter sends everything to `b`. */
const TO_B: PluginConfig = {
  version: 1,
  epoch: 1,
  mode: "enforce",
  routes: [
    {
      name: "chat",
      match: { path_prefix: "/chat" },
      arms: [
        { name: "a", default: true, weight: 0 },
        { name: "b", weight: 1 },
      ],
    },
  ],
};

describe.runIf(await meshCanRun())("the mesh rig", () => {
  let mesh: Mesh;
  let echo: Echo;
  let startMs: number;
  let slow: number;

  beforeAll(async () => {
    echo = await startEcho(["v1", "v2"]);
    const slownessBefore = await slowness();
    const startedMs = performance.now();
    mesh = await Mesh.start({ proxies: 2 });
    startMs = performance.now() - startedMs;
    slow = Math.max(slownessBefore, await slowness());
    await mesh.apply([...mesh.proxies.map(gatewayOf), ...traffic(mesh, echo)]);
  });
  afterAll(async () => {
    await mesh?.stop();
    await echo?.stop();
  });

  it("is ready with two proxies in less than 30 s", () => {
    const times = `, where work takes ${slow.toFixed(1)} times its time`;
    process.stderr.write(`mesh ready after ${(startMs / 1000).toFixed(1)} s${times}\n`);
    expect(mesh.proxies).toHaveLength(2);
    expect(startMs).toBeLessThan(READY_MS_MAX * slow);
  });

  it("serves the default subset through each proxy before there is a filter", async () => {
    for (const proxy of mesh.proxies) {
      const reply = await eventually("a route", () => okReply(proxy));
      expect(reply.headers["x-served-by"]).toBe("v1");
      expect(JSON.parse(reply.body)).not.toHaveProperty("x-ganglion-arm");
    }
  });

  it("has each proxy listen on its own address alone", async () => {
    for (const { admin, ip } of mesh.proxies) {
      const listeners = [...(await admin.listenerPorts()).keys()];
      expect(listeners.filter((name) => name.endsWith(`_${PORT}`))).toEqual([`${ip}_${PORT}`]);
    }
  });

  it("changes the header at the far end when one object is applied", async () => {
    const { reference } = await mesh.registry.push(await readFilterModule(), "filter");
    await mesh.apply({
      apiVersion: "extensions.istio.io/v1alpha1",
      kind: "WasmPlugin",
      metadata: { name: "ganglion", namespace: "default" },
      spec: {
        selector: { matchLabels: { app: "istio-ingressgateway" } },
        url: reference,
        pluginName: "ganglion",
        failStrategy: "FAIL_OPEN",
        pluginConfig: TO_B,
      },
    });
    for (const proxy of mesh.proxies) {
      const reply = await eventually("arm b", async () => {
        const now = await okReply(proxy);
        return now && now.headers["x-served-by"] === "v2" ? now : undefined;
      });
      expect(JSON.parse(reply.body)).toHaveProperty("x-ganglion-arm", "b");
      expect(await proxy.prometheus()).toContain("ganglion_config_epoch");
      expect(readdirSync(join(proxy.folder, "var/lib/istiodata"))).not.toEqual([]);
    }
  });

  it("shows each proxy as a pod that says where its metrics are", async () => {
    for (const { name, ip, prometheusPort } of mesh.proxies) {
      const pod = await mesh.client.get("v1", "Pod", name);
      expect(pod?.status).toMatchObject({ podIP: ip, phase: "Running" });
      expect(pod?.metadata.annotations).toMatchObject({
        "prometheus.io/port": String(prometheusPort),
      });
    }
  });

  it("lets an account do what its role says and refuses the rest", async () => {
    const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["list"] }];
    const { token } = await mesh.account({ name: "reader", namespace: "default", rules });
    const path = "/api/v1/namespaces/default";
    const asReader = mesh.clientOf(token);
    expect((await asReader.send("GET", `${path}/pods`)).status).toBe(200);
    expect((await asReader.send("GET", `${path}/secrets`)).status).toBe(403);
    expect((await asReader.send("DELETE", `${path}/pods/gateway-1`)).status).toBe(403);
  });

  it("keeps serving while istiod, API server and registry are down, and takes up changes after", async () => {
    const [proxy] = mesh.proxies as [Proxy];
    await Promise.all([mesh.stopIstiod(), mesh.registry.stop(), mesh.restartApiServer("kill")]);
    expect((await proxy.get(PORT, "/chat")).headers["x-served-by"]).toBe("v2");
    await Promise.all([mesh.startIstiod(), mesh.registry.start()]);
    await mesh.client.delete("extensions.istio.io/v1alpha1", "WasmPlugin", "ganglion");
    await eventually("the default arm again", async () => {
      return (await proxy.get(PORT, "/chat")).headers["x-served-by"] === "v1";
    });
  });

  it("puts a link before a part, which takes no changes while it is cut", async () => {
    const toIstiod = await mesh.link(mesh.istiod.xdsPort);
    const proxy = await mesh.startProxy({ name: "far", kind: "router", xdsPort: toIstiod.port });
    const hasListener = async () => (await proxy.admin.listenerPorts()).has(`${proxy.ip}_${PORT}`);
    await toIstiod.set("cut");
    await mesh.apply(gatewayOf(proxy));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await hasListener()).toBe(false);
    await toIstiod.set("open");
    await eventually("the listener", hasListener);
  });

  it("gives a kubeconfig that goes through a link", async () => {
    const toServer = await mesh.link(mesh.kubernetes.port);
    expect(readFileSync(mesh.kubeconfigThrough(toServer), "utf8")).toContain(toServer.address);
    const client = new KubeClient({ ...mesh.kubernetes.admin, port: toServer.port });
    expect((await client.send("GET", "/version")).status).toBe(200);
    await toServer.set("cut");
    await expect(client.send("GET", "/version")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    client.close();
  });

  it("runs beside another mesh", async () => {
    const other = await Mesh.start({ controlPlane: false });
    try {
      expect(await other.client.get("v1", "Pod", "gateway-1")).toBeUndefined();
      expect(await mesh.client.get("v1", "Pod", "gateway-1")).toBeDefined();
    } finally {
      await other.stop();
    }
  });

  it("leaves nothing behind when it cannot start", async () => {
    const broken = "apiVersion: v1\nkind: Nothing\nmetadata: { name: none }\n";
    await expect(Mesh.start({ crds: [broken] })).rejects.toThrow(
      "the API server has no Nothing in v1",
    );
    const folder = dirname(mesh.kubeconfig);
    const folders = readdirSync(dirname(folder)).filter((name) => name.startsWith("mesh-"));
    expect(folders).toEqual([basename(folder)]);
    await eventually("an end of its processes", async () => {
      const ofThis = processesNaming(folder);
      const ofAll = processesNaming(join(dirname(folder), "mesh-"));
      return ofAll.every((pid) => ofThis.includes(pid));
    });
  });

  it("leaves no process and no folder behind", async () => {
    const other = await Mesh.start({ proxies: 1 });
    const folder = dirname(other.kubeconfig);
    const processes = processesNaming(folder);
    expect(processes.length).toBeGreaterThanOrEqual(5);
    await other.stop();
    expect(existsSync(folder)).toBe(false);
    // A process that was killed takes a moment to be gone.
    await eventually("an end of its processes", async () => processesNaming(folder).length === 0);
  });
});

const gatewayOf = ({ name, selector, ip }: Proxy) =>
  httpGateway({ name, selector, ip, port: PORT });

function traffic(mesh: Mesh, echo: Echo) {
  const metadata = { name: "llm-service", namespace: "default" };
  const apiVersion = "networking.istio.io/v1";
  const to = (subset: string) => [{ destination: { host: HOST, subset } }];
  const onB = { headers: { "x-ganglion-arm": { exact: "b" } } };
  const subset = (version: string) => ({ name: version, labels: { version } });
  return [
    meshService({
      host: "llm-service",
      port: PORT,
      endpoints: ["v1", "v2"].map((version) => ({
        port: echo.ports[version]!,
        labels: { version },
      })),
    }),
    {
      apiVersion,
      kind: "DestinationRule",
      metadata,
      spec: { host: HOST, subsets: [subset("v1"), subset("v2")] },
    },
    {
      apiVersion,
      kind: "VirtualService",
      metadata,
      spec: {
        hosts: ["*"],
        gateways: mesh.proxies.map(({ name }) => name),
        http: [{ match: [onB], route: to("v2") }, { route: to("v1") }],
      },
    },
  ];
}

async function okReply(proxy: Proxy) {
  const reply = await proxy.get(PORT, "/chat");
  return reply.status === 200 ? reply : undefined;
}
