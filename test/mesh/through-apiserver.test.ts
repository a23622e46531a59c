// Proxies whose pods cannot be reached from where the tool runs: read through the API server's own proxy,
// with the Role that `ganglion weights role --through apiserver` prints, and no other right.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chatConfig } from "../../bench/rig/filtered-mesh";
import { filterImage, filterObject } from "../../host-tools/src/istio/filter-object";
import { runCommand } from "../../host-tools/src/rig";
import { roleObjects } from "../../host-tools/src/weights/role";
import { projectRoot } from "../support/project-root";
import { type KubeObject, Mesh, meshCanRun } from "./rig";
import { createPod } from "./rig/pod";

const NAMESPACE = "ai";
const WORKLOADS = { ganglion: "on" } as const;
/** For documentation only (RFC 5737): it leads nowhere but through the tunnel. */
const POD_IP = "192.0.2.7";
const IMAGE = filterImage(`oci://registry.example/ganglion@sha256:${"12".repeat(32)}`);

/** A page of three VMs whose heartbeats move. */
function metricsPage(epoch: number): string {
  const heartbeatS = Math.floor(performance.now() / 1000);
  const workers = [0, 1, 2].map(
    (worker) =>
      `ganglion_config_epoch{worker="${worker}"} ${epoch}\n` +
      `ganglion_heartbeat_seconds{worker="${worker}"} ${heartbeatS}\n`,
  );
  return `envoy_server_concurrency{} 2\n${workers.join("")}`;
}

describe.runIf(await meshCanRun())("proxies read through the API server", () => {
  let mesh: Mesh;
  let page: Server;
  const paths: string[] = [];

  beforeAll(async () => {
    mesh = await Mesh.start({ namespaces: [NAMESPACE], controlPlane: false });
    page = createServer((request, response) => {
      paths.push(request.url ?? "");
      response.end(metricsPage(7));
    });
    await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
    const { port: prometheusPort } = page.address() as AddressInfo;
    mesh.kubernetes.podNetwork.route(POD_IP, "127.0.0.1");
    await createPod(mesh.client, {
      name: "llm-1",
      namespace: NAMESPACE,
      serviceAccount: "default",
      labels: WORKLOADS,
      ip: POD_IP,
      container: "istio-proxy",
      prometheusPort,
    });
    const facts = {
      istio: { major: 1, minor: 31 },
      namespace: NAMESPACE,
      workloads: WORKLOADS,
      gateways: [],
      image: undefined,
    };
    const object = filterObject("TrafficExtension", "ganglion", facts, IMAGE, chatConfig(7));
    await mesh.apply({ ...object } as KubeObject);
  });
  afterAll(async () => {
    await mesh?.stop();
    await new Promise((resolve) => page.close(resolve));
  });

  /** `weights status` with the rights that the Role for this way of reading gives. */
  async function status(account: string, through: "direct" | "apiserver") {
    const name = "ganglion";
    const choices = { namespace: NAMESPACE, name, kind: "TrafficExtension", through } as const;
    const objects = roleObjects({ ...choices, account }) as unknown as KubeObject[];
    await mesh.apply(objects);
    const { kubeconfig } = await mesh.account({
      name: account,
      namespace: NAMESPACE,
      role: `${name}-weights`,
    });
    const command = join(projectRoot(), "build/ganglion.mjs");
    const args = ["weights", "status", "--through", "apiserver", "--kubeconfig", kubeconfig];
    return runCommand(process.execPath, [command, ...args]);
  }

  it("are denied to whoever reads them directly, with the rule that is missing", async () => {
    const { status: exitCode, stdout } = await status("near", "direct");
    expect(exitCode).toBe(81);
    expect(stdout).toContain("ai/llm-1: unreachable: get pods/proxy");
    expect(paths).toEqual([]);
  });

  it("say what they run, at their own port and path", async () => {
    const { status: exitCode, stdout } = await status("far", "apiserver");
    expect(stdout).toContain("ai/llm-1: ok, 3 VMs");
    expect(exitCode).toBe(0);
    expect(new Set(paths)).toEqual(new Set(["/stats/prometheus"]));
  });

  it("that have gone are unreachable, with what the API server says", async () => {
    mesh.kubernetes.podNetwork.route(POD_IP, "127.0.0.255");
    page.closeAllConnections();
    await new Promise((resolve) => page.close(resolve));
    const { status: exitCode, stdout } = await status("late", "apiserver");
    expect(exitCode).toBe(81);
    expect(stdout).toContain("ai/llm-1: unreachable: ");
  });
});
