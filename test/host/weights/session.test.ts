import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSession, type TargetOptions } from "../../../host-tools/src/weights/session";
import { writeHistory } from "../../../host-tools/src/weights/history";
import { FakeApiServer } from "../cluster/fake-api-server";
import { live, pluginConfig } from "./filter-fixture";

let server: FakeApiServer;
let folder = "";
let target: TargetOptions;
beforeAll(async () => {
  server = await FakeApiServer.start();
  folder = await mkdtemp(join(tmpdir(), "ganglion-session-"));
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, server.kubeconfig());
  target = { kubeconfig, name: "ganglion", rootNamespace: "istio-system" };
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("a session", () => {
  it("takes the namespace from the context and finds proxies there", async () => {
    const { place, fleetOf } = await openSession(target, { through: "direct" });
    expect(place).toEqual({ namespace: "ai", name: "ganglion", kind: undefined });
    server.play({ status: 200, body: { items: [] } });
    expect(await fleetOf(live(pluginConfig(1))).find()).toEqual({ proxies: [], without: [] });
    expect(server.seen[0]?.path).toBe("/api/v1/namespaces/ai/pods");
  });

  it("keeps out of the root namespace unless the whole mesh is meant", async () => {
    const wide = { ...target, namespace: "istio-system" };
    await expect(openSession(wide, { through: "direct" })).rejects.toMatchObject({
      code: "E_MESH_WIDE",
      exitCode: 64,
    });
    const { fleetOf } = await openSession({ ...wide, meshWide: true }, { through: "direct" });
    server.play({ status: 200, body: { items: [] } });
    await fleetOf(live(pluginConfig(1))).find();
    expect(server.seen[0]?.path).toBe("/api/v1/pods");
  });

  it("asks nobody for proxies that the user names", async () => {
    const { fleetOf } = await openSession(target, { through: "direct", proxies: "10.0.0.1:1" });
    server.play();
    const { proxies } = await fleetOf(live(pluginConfig(1))).find();
    expect(proxies.map(({ name }) => name)).toEqual(["10.0.0.1:1"]);
    expect(server.seen).toEqual([]);
  });

  it("refuses a Prometheus whose address is none", async () => {
    const fleet = { through: "direct", prometheus: "prometheus:9090" } as const;
    await expect(openSession(target, fleet)).rejects.toMatchObject({ code: "E_FLEET_SOURCE" });
  });

  it("says whom to ask where there is no history and none may be made", async () => {
    const { cluster } = await openSession(target, { through: "direct" });
    server.play({ status: 403, body: { message: "forbidden" } });
    const metadata = { name: "ganglion-weights-history", namespace: "ai" };
    const first = { apiVersion: "v1", kind: "ConfigMap", metadata };
    await expect(writeHistory(cluster, first)).rejects.toMatchObject({
      code: "E_HISTORY_ABSENT",
      hint: expect.stringContaining("ganglion weights role"),
    });
  });
});
