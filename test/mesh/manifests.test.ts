// Everything that a policy renders to is taken by the real API server, with the definitions of every
// Istio that we render for, and by istiod and its proxies.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFileSync } from "node:fs";
import { compilePolicy } from "../../host-tools/src/config/policy-compile";
import { connectCluster } from "../../host-tools/src/cluster";
import { clusterDifferences } from "../../host-tools/src/diff/cluster-differences";
import { filterImage, filterKind } from "../../host-tools/src/istio/filter-object";
import { manifests } from "../../host-tools/src/manifests/manifests";
import { parseIstioVersion } from "../../host-tools/src/config/policy-mesh";
import { OPERATIONS_POLICY } from "../host/manifests/operations-policy";
import { WORKLOAD_POLICY } from "../host/manifests/workload-policy";
import { projectRoot } from "../support/project-root";
import { readFilterModule } from "../../host-tools/src/lib/filter-module";
import { eventually, type KubeObject, Mesh, meshCanRun, objectsOf, type Proxy } from "./rig";
import { ISTIO_VERSIONS, istioCrds, operatorCrds } from "./support/crd-modules";
import { type Echo, startEcho } from "./support/echo";
import { startWorkload } from "./support/workload";
import { refusals } from "./support/strict-apply";
import { rejectedUpdates, xdsRejects } from "./support/xds-rejects";

const IMAGE = filterImage(`oci://registry.example/ganglion/filter@sha256:${"1".repeat(64)}`);
const example = (name: string): string =>
  readFileSync(`${projectRoot()}/wasmplugin/examples/${name}/ganglion.yaml`, "utf8");

/** Whose proxy runs the filter here. */
const CALLER = "conversation-service";

/** Policies as they are written, but for the Istio that they are for. */
const POLICIES = {
  "llm-service": example("llm-service"),
  assistant: example("assistant"),
  operations: OPERATIONS_POLICY,
  workloads: WORKLOAD_POLICY,
};
type PolicyName = keyof typeof POLICIES;
const NAMES = Object.keys(POLICIES) as PolicyName[];

/** Objects for one Istio; a policy that needs a newer one says so. */
function objectsFor(name: PolicyName, version: string, image = IMAGE): readonly KubeObject[] {
  const { policy, config } = compilePolicy(withIstio(POLICIES[name], version), "ganglion.yaml");
  const kind = filterKind("auto", parseIstioVersion(version)!);
  return manifests(policy, config, { kind, image }).map(({ object }) => ({ ...object }));
}

function withIstio(text: string, version: string): string {
  const changed = text.replace(/istio: "1\.\d+"/, `istio: "${version}"`);
  expect(changed).toContain(`istio: "${version}"`);
  return changed;
}

describe.runIf(await meshCanRun())("rendered objects and a real API server", () => {
  let mesh: Mesh;
  beforeAll(async () => {
    mesh = await Mesh.start({
      controlPlane: false,
      namespaces: ["ai", "ai-services"],
      crds: await operatorCrds(),
    });
  });
  afterAll(() => mesh?.stop());

  it.each(ISTIO_VERSIONS)(
    "are taken with the definitions of Istio %s, every field known",
    async (version) => {
      await replaceIstioCrds(mesh, await istioCrds(version));
      for (const name of NAMES) {
        const objects = objectsFor(name, version);
        expect(objects.length).toBeGreaterThan(2);
        expect(await refusals(mesh.client, objects), `${name} ${version}`).toEqual([]);
      }
    },
  );

  it("are seen by diff as they were applied, but for what an autoscaler has changed", async () => {
    const { policy, config } = compilePolicy(WORKLOAD_POLICY, "ganglion.yaml");
    const objects = manifests(policy, config, { kind: "TrafficExtension", image: IMAGE });
    await mesh.apply(objects.map(({ object }) => ({ ...object })));
    const cluster = await connectCluster({ kubeconfig: mesh.kubeconfig });
    const { namespace } = policy.mesh;
    const differing = async () =>
      (await clusterDifferences({ cluster, objects, namespace, isPushed: false })).map(
        ({ state, object }) => `${state} ${object}`,
      );
    expect(await differing()).toEqual([]);
    const path = (name: string) =>
      `/apis/apps/v1/namespaces/${namespace}/deployments/${name}/scale`;
    const scaled = async (name: string): Promise<void> => {
      const type = "application/merge-patch+json";
      await mesh.client.call("PATCH", path(name), { spec: { replicas: 7 } }, type);
    };
    await scaled("conversation-service");
    expect(await differing()).toEqual([]);
    await scaled("llm-service-v1");
    expect(await differing()).toEqual([`changed Deployment ${namespace}/llm-service-v1`]);
  });

  it("are refused with a field that the definitions do not have", async () => {
    const [object] = objectsFor("llm-service", "1.31");
    const wrong = { ...object!, spec: { ...(object!.spec as object), nowhere: 1 } };
    expect((await refusals(mesh.client, [wrong])).join()).toContain("nowhere");
  });
});

describe.runIf(await meshCanRun())("rendered objects and a real control plane", () => {
  let mesh: Mesh;
  let echo: Echo;
  let caller: Proxy;
  beforeAll(async () => {
    mesh = await Mesh.start({
      proxies: 1,
      namespaces: ["ai", "ai-services"],
      crds: await operatorCrds(),
    });
    echo = await startEcho(["llm"]);
    const at = { namespace: "ai-services" };
    [caller] = await Promise.all([
      startWorkload(mesh, { ...at, name: CALLER, labels: { ganglion: "on" } }),
      startWorkload(mesh, { ...at, name: "llm-service", appPort: echo.ports["llm"]! }),
    ]);
  });
  afterAll(async () => {
    await mesh?.stop();
    await echo?.stop();
  });

  it.each(NAMES)("are taken by istiod and by its proxies: %s", async (name) => {
    const { reference } = await mesh.registry.push(await readFilterModule(), "filter");
    // Without iptables a proxy has the one listener that the test's own Sidecar gives it.
    const objects = objectsFor(name, "1.31", filterImage(reference)).filter(
      ({ kind }) => kind !== "Sidecar",
    );
    await mesh.apply(objects);
    const { namespace } = objects.at(-1)!.metadata;
    if (namespace === "ai-services") {
      await eventually("the filter", async () => {
        const { body } = await caller.get(caller.prometheusPort, "/stats/prometheus");
        return body.includes("ganglion_heartbeat_seconds");
      });
    }
    expect(await xdsRejects(mesh)).toBe(0);
    for (const proxy of mesh.proxies) expect(await rejectedUpdates(proxy)).toEqual([]);
    for (const { apiVersion, kind, metadata } of objects.filter(
      (one) => one.kind !== "Namespace",
    )) {
      await mesh.client.delete(apiVersion, kind, metadata.name, metadata.namespace);
    }
  });
});

/** Istio's kinds as one version defines them, and no others of Istio. */
async function replaceIstioCrds(mesh: Mesh, crds: string): Promise<void> {
  const definitions = objectsOf(crds);
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const list = (await mesh.client.call("GET", path)) as { items: KubeObject[] };
  const ofIstio = list.items.filter(({ metadata }) => metadata.name.endsWith(".istio.io"));
  await Promise.all(
    ofIstio.map(({ metadata }) => mesh.client.call("DELETE", `${path}/${metadata.name}`)),
  );
  for (;;) {
    const left = (await mesh.client.call("GET", path)) as { items: KubeObject[] };
    if (!left.items.some(({ metadata }) => metadata.name.endsWith(".istio.io"))) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await mesh.client.apply(definitions);
}
