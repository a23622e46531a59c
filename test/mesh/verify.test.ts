// verify over a cluster: the objects of the API server, with what it adds, have the findings of the files
// that were applied; an account that may list nothing is told so.

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { connectCluster } from "../../host-tools/src/cluster";
import { located, verifyObjects, verifyTexts } from "../../host-tools/src/verify";
import { verifyRoleObjects } from "../../host-tools/src/verify/cluster-role";
import { CLUSTER_KINDS } from "../../host-tools/src/verify/source/cluster-kinds";
import { readCluster } from "../../host-tools/src/verify/source/read-cluster";
import { type KubeObject, Mesh, meshCanRun } from "./rig";

const NAMESPACE = "ai-services";
/** Defects whose objects Istio's definitions take. */
const DEFECTS = ["D04", "D07", "D08", "D09", "D10", "D13"];
const NAMES = ["llm-service", "llm-callers", "sentiment-callers", "deny-all"];

interface Applied {
  readonly id: string;
  readonly text: string;
}

/** Each defect in a namespace of its own: several are about one host. */
const applied: readonly Applied[] = DEFECTS.map((id) => {
  const file = new URL(`../host/verify/defects/${id}/broken.yaml`, import.meta.url);
  const own = `${NAMESPACE}-${id.toLowerCase()}`;
  return { id, text: readFileSync(file, "utf8").replaceAll(NAMESPACE, own) };
});

const namespaceOf = (id: string): string => `${NAMESPACE}-${id.toLowerCase()}`;
const objectsOf = (text: string): KubeObject[] =>
  parseAllDocuments(text).map((document) => document.toJS() as KubeObject);

/** As rule route-refused tells them. */
const REFUSED = [
  ["a timeout of 0s", "timeout: 0s", "must be a valid duration greater than 1ms"],
  ["a timeout without a unit", "timeout: 30", "timeout: expected string"],
  ["a timeout in words", "timeout: 5 minutes", "spec.http[0].timeout"],
].map(([name = "", member = "", says = ""]) => ({ name, says, text: routeWith(member) }));

function routeWith(member: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: refused, namespace: ${NAMESPACE}-d04 }
spec:
  hosts: [refused]
  http: [{ ${member}, route: [{ destination: { host: refused } }] }]
`;
}

describe.runIf(await meshCanRun())("verify of a cluster", () => {
  let mesh: Mesh;

  beforeAll(async () => {
    const namespaces = DEFECTS.map(namespaceOf);
    mesh = await Mesh.start({ namespaces, controlPlane: false });
    for (const { text } of applied) await mesh.apply(objectsOf(text));
  });
  afterAll(() => mesh?.stop());

  it.each(applied)("finds in a namespace what it finds in the file: $id", async ({ id, text }) => {
    const namespace = namespaceOf(id);
    const cluster = await connectCluster({ kubeconfig: mesh.kubeconfig });
    const { objects, faults } = await readCluster({ namespace }, cluster);
    expect(faults).toEqual([]);
    const told = verifyObjects(objects).findings.map(located);
    const inFile = verifyTexts([{ name: "a.yaml", text }]).findings.map(located);
    expect(inFile.length).toBeGreaterThan(0);
    const key = ({ rule, object, path }: (typeof told)[number]): string =>
      `${rule} ${object} ${path}`;
    expect(told.map(key).sort()).toEqual(inFile.map(key).sort());
    expect(told.every(({ file }) => file.startsWith(`cluster/${namespace}/`))).toBe(true);
  });

  it.each(REFUSED)(
    "has no $name, which the API server refuses by Istio's definitions",
    async (one) => {
      const [object] = objectsOf(one.text);
      const refusal = expect(mesh.apply(object!)).rejects;
      await refusal.toThrow(one.says);
    },
  );

  it("reads all namespaces at once", async () => {
    const cluster = await connectCluster({ kubeconfig: mesh.kubeconfig });
    const { objects } = await readCluster({ allNamespaces: true }, cluster);
    const found = objects.filter(({ name }) => NAMES.includes(name));
    expect(new Set(found.map(({ namespace }) => namespace)).size).toBeGreaterThanOrEqual(5);
  });

  it("says which kinds an account may not list", async () => {
    const account = await mesh.account({
      name: "reader",
      namespace: namespaceOf("D09"),
      rules: [
        { apiGroups: ["networking.istio.io"], resources: ["virtualservices"], verbs: ["list"] },
      ],
    });
    const cluster = await connectCluster({ kubeconfig: account.kubeconfig });
    const { objects, faults, unread } = await readCluster(
      { namespace: namespaceOf("D09") },
      cluster,
    );
    expect(objects.map(({ kind }) => kind)).toEqual(["VirtualService"]);
    expect(unread).toBeGreaterThan(5);
    expect(faults.map(({ code }) => code)).toEqual(["E_CLUSTER_DENIED"]);
    expect(faults[0]?.message).toContain("networking.istio.io: destinationrules, serviceentries");
  });

  it("needs the Role that it prints and no more: each stated verb passes, no other", async () => {
    const namespace = namespaceOf("D04");
    const name = "verifier";
    await mesh.apply(verifyRoleObjects({ namespace, account: name }) as KubeObject[]);
    const account = await mesh.account({ name, namespace });
    const cluster = await connectCluster({ kubeconfig: account.kubeconfig });
    const { objects, faults } = await readCluster({ namespace }, cluster);
    expect(faults).toEqual([]);
    expect(objects.length).toBeGreaterThan(0);
    const client = mesh.clientOf(account.token);
    const passes = async (method: string, path: string): Promise<boolean> => {
      const isRead = method === "GET" || method === "DELETE";
      const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
      return (await client.send(method, path, isRead ? undefined : {}, type)).status !== 403;
    };
    for (const { apiVersion, plural } of CLUSTER_KINDS) {
      const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
      const list = `${root}/namespaces/${namespace}/${plural}`;
      expect(await passes("GET", list), `list ${plural}`).toBe(true);
      const others = [
        ["GET", `${list}?watch=true&timeoutSeconds=1`],
        ["GET", `${list}/any`],
        ["POST", list],
        ["PATCH", `${list}/any`],
        ["PUT", `${list}/any`],
        ["DELETE", `${list}/any`],
        ["DELETE", list],
        ["GET", `${root}/namespaces/${namespaceOf("D07")}/${plural}`],
        ["GET", `${root}/${plural}`],
      ] as const;
      for (const [method, path] of others) {
        expect(await passes(method, path), `${method} ${path}`).toBe(false);
      }
    }
    for (const plural of ["secrets", "pods", "serviceaccounts", "events"]) {
      const path = `/api/v1/namespaces/${namespace}/${plural}`;
      expect(await passes("GET", path), plural).toBe(false);
    }
    client.close();
  });
});
