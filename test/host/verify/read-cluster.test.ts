// The objects of a cluster as files: without what the server adds, kinds that are not installed left
// out, and what may not be listed told.

import { describe, expect, it } from "vitest";
import { type Cluster, ClusterError, type ClusterObject } from "../../../host-tools/src/cluster";
import { yamlStream, yamlText } from "../../../host-tools/src/istio/yaml-text";
import { errorReport } from "../../../host-tools/src/lib/error-report";
import { verifyRoleObjects } from "../../../host-tools/src/verify/cluster-role";
import { expectGolden } from "../../support/golden";
import { located } from "../../../host-tools/src/verify";
import { readCluster } from "../../../host-tools/src/verify/source/read-cluster";
import { verifyObjects } from "../../../host-tools/src/verify";

const rule: ClusterObject = {
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
  metadata: {
    name: "llm",
    namespace: "ai",
    managedFields: [{ manager: "kubectl", operation: "Apply" }],
  },
  spec: { host: "llm", trafficPolicy: { loadBalancer: { simple: "RANDOM" } } },
  status: { conditions: [] },
};

/** A cluster that answers lists alone. */
function clusterWith(list: Cluster["list"]): Cluster {
  return { namespace: "ai", list } as unknown as Cluster;
}

const failure = (code: string): ClusterError => new ClusterError(code, "no", 403, {});

describe("a cluster", () => {
  it("is read as one file per object", async () => {
    const asked: (string | undefined)[] = [];
    const cluster = clusterWith((kind, options) => {
      asked.push(options?.namespace);
      if (kind.kind === "VirtualService") throw failure("E_CLUSTER_NOT_FOUND");
      return Promise.resolve(kind.kind === "DestinationRule" ? [rule] : []);
    });
    const { objects, faults } = await readCluster({ namespace: "ai" }, cluster);
    expect(faults).toEqual([]);
    expect(new Set(asked)).toEqual(new Set(["ai"]));
    expect(objects[0]?.file.text).not.toMatch(/managedFields|status/);
    const [finding] = verifyObjects(objects).findings.map(located);
    expect(finding).toMatchObject({
      rule: "random-balancing",
      file: "cluster/ai/DestinationRule-llm.yaml",
      line: 10,
    });
  });

  it("tells at once which kinds it may not list, and reads the others", async () => {
    const cluster = clusterWith((kind) => {
      if (kind.kind === "ConfigMap") throw failure("E_CLUSTER_DENIED");
      if (kind.apiVersion.startsWith("security")) throw failure("E_CLUSTER_DENIED");
      return Promise.resolve([]);
    });
    const { faults, unread } = await readCluster({ namespace: "ai" }, cluster);
    expect(unread).toBe(3);
    expectGolden(
      "verify/denied.txt",
      `${faults.flatMap((one) => errorReport(one).lines).join("\n")}\n`,
    );
    const all = await readCluster({ allNamespaces: true }, cluster);
    expect(all.faults[0]?.message).toContain("3 of 22 kinds may not be listed in all namespaces");
  });

  it("may be read with a Role that lists those kinds and does nothing else", () => {
    const objects = verifyRoleObjects({ namespace: "ai", account: "reader" });
    expectGolden("verify/role.yaml", yamlStream(objects.map(yamlText)));
  });

  it("is an error where it does not answer", async () => {
    const cluster = clusterWith(() => {
      throw failure("E_CLUSTER_CONNECT");
    });
    await expect(readCluster({}, cluster)).rejects.toThrow("no");
  });
});
