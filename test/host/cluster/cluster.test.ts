import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, ClusterError, connectCluster } from "../../../host-tools/src/cluster";
import { FakeApiServer } from "./fake-api-server";

const PLUGIN = {
  apiVersion: "extensions.istio.io/v1alpha1",
  kind: "WasmPlugin",
  name: "ganglion",
} as const;
const PLUGIN_PATH = "/apis/extensions.istio.io/v1alpha1/namespaces/ai/wasmplugins/ganglion";
const object = (resourceVersion?: string) => ({
  apiVersion: PLUGIN.apiVersion,
  kind: PLUGIN.kind,
  metadata: {
    name: PLUGIN.name,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  },
  spec: { pluginConfig: { epoch: 4 } },
});

let server: FakeApiServer;
let cluster: Cluster;
beforeAll(async () => {
  server = await FakeApiServer.start();
  cluster = await server.connect();
});
afterAll(() => server.stop());

async function refusal(call: Promise<unknown>): Promise<ClusterError> {
  const error = await call.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(ClusterError);
  return error as ClusterError;
}

describe("a connection", () => {
  it("takes server, namespace and token from the kubeconfig's current context", async () => {
    server.play({ status: 200, body: object() });
    await cluster.get(PLUGIN);
    expect([cluster.server, cluster.context, cluster.namespace]).toEqual([server.url, "one", "ai"]);
    expect(server.seen[0]).toMatchObject({ method: "GET", path: PLUGIN_PATH });
    expect(server.seen[0]?.headers["authorization"]).toBe("Bearer secret-token");
  });

  it("lets a context and a namespace be named", async () => {
    expect((await server.connect({ context: "two" })).namespace).toBe("default");
    expect((await server.connect({ context: "two", namespace: "x" })).namespace).toBe("x");
  });

  it("names the contexts that there are when the wanted one is not", async () => {
    await expect(server.connect({ context: "three" })).rejects.toMatchObject({
      code: "E_CLUSTER_CONFIG",
      message: "the kubeconfig has no context three; it has one, two",
      exitCode: 64,
    });
  });

  it("says which kubeconfig cannot be read", async () => {
    await expect(connectCluster({ kubeconfig: "/nonexistent/kubeconfig" })).rejects.toMatchObject({
      code: "E_CLUSTER_CONFIG",
      message: expect.stringContaining("/nonexistent/kubeconfig: no such file"),
    });
  });
});

describe("a server-side apply", () => {
  it("names its manager, is checked strictly, and forces nothing", async () => {
    server.play({ status: 200, body: object() }, { status: 200, body: object() });
    await cluster.apply(object("7"));
    await cluster.apply(object(), { fieldManager: "other", dryRun: true, force: true });
    expect(server.seen.map(({ query }) => query)).toEqual([
      { fieldManager: "ganglion", force: "false", fieldValidation: "Strict" },
      { fieldManager: "other", dryRun: "All", force: "true", fieldValidation: "Strict" },
    ]);
    expect(server.seen[0]?.headers["content-type"]).toBe("application/apply-patch+yaml");
    expect(JSON.parse(server.seen[0]?.body ?? "")).toEqual(object("7"));
  });

  it("shows who owns which field", async () => {
    const cause = (field: string, owner: string) => ({
      reason: "FieldManagerConflict",
      message: `conflict with "${owner}" using extensions.istio.io/v1alpha1`,
      field,
    });
    server.play({
      status: 409,
      body: {
        reason: "Conflict",
        details: { causes: [cause(".spec.a", "kubectl"), cause(".spec.b", "argocd-controller")] },
      },
    });
    const error = await refusal(cluster.apply(object()));
    expect(error.code).toBe("E_CLUSTER_OWNED");
    expect(error.message).toContain(".spec.a belongs to kubectl; .spec.b belongs to argocd-");
    expect(error.hint).toContain("--force-conflicts");
    expect(error.conflicts).toEqual([
      { owner: "kubectl", field: ".spec.a" },
      { owner: "argocd-controller", field: ".spec.b" },
    ]);
  });

  it("tells a changed object from a field of somebody else", async () => {
    server.play({ status: 409, body: { reason: "Conflict", message: "has been modified" } });
    const error = await refusal(cluster.apply(object("1")));
    expect([error.code, error.conflicts]).toEqual(["E_CLUSTER_CONFLICT", []]);
    expect(server.seen).toHaveLength(1);
  });
});

describe("a refusal", () => {
  it("of a permission names verb, resource and the missing rule", async () => {
    server.play({ status: 403, body: { message: "forbidden" } });
    const error = await refusal(cluster.apply(object()));
    expect(error).toMatchObject({
      code: "E_CLUSTER_DENIED",
      message: "patch wasmplugins ganglion in namespace ai: not permitted (forbidden)",
      hint:
        'The Role lacks the rule { apiGroups: ["extensions.istio.io"], resources: ["wasmplugins"], ' +
        'resourceNames: ["ganglion"], verbs: ["patch"] }.',
    });
  });

  it("of a value names the field", async () => {
    const causes = [{ reason: "FieldValueInvalid", field: "spec.phase", message: "no such phase" }];
    server.play({ status: 422, body: { message: "long", details: { causes } } });
    const error = await refusal(cluster.apply(object()));
    expect(error.code).toBe("E_CLUSTER_INVALID");
    expect(error.message).toContain("spec.phase: no such phase");
    expect(error.exitCode).toBe(65);
  });

  it.each([
    [500, "etcdserver: request is too large", "E_CLUSTER_TOO_LARGE"],
    [413, "Request entity too large: limit is 3145728", "E_CLUSTER_TOO_LARGE"],
    [500, "failed to create typed patch object: .spec.x: not declared", "E_CLUSTER_INVALID"],
  ])("that no second try changes (%i %s) is not tried again", async (status, message, code) => {
    server.play({ status, body: { message } });
    expect((await refusal(cluster.apply(object()))).code).toBe(code);
    expect(server.seen).toHaveLength(1);
  });

  it("quotes a stranger's text without what steers a terminal", async () => {
    server.play({ status: 403, body: { message: "no\u001b[31m way\n\n" + "x".repeat(2000) } });
    const { message } = await refusal(cluster.get(PLUGIN));
    expect(message).toMatch(/^[\x20-\x7e]+$/);
    expect(message.length).toBeLessThan(800);
  });

  it("of the credentials asks for them once more, then says so", async () => {
    server.play({ status: 401 }, { status: 401 });
    expect((await refusal(cluster.get(PLUGIN))).code).toBe("E_CLUSTER_LOGIN");
    expect(server.seen).toHaveLength(2);
    server.play({ status: 401 }, { status: 200, body: object() });
    expect(await cluster.get(PLUGIN)).toEqual(object());
  });
});

describe("a call that fails for a moment", () => {
  it.each([500, 502, 503, 504])("(status %i) is tried again, with jitter", async (status) => {
    server.play({ status }, { status }, { status: 200, body: object() });
    expect(await cluster.get(PLUGIN)).toEqual(object());
    expect(server.seen).toHaveLength(3);
    expect(server.clock.sleptMs).toHaveLength(2);
    for (const slept of server.clock.sleptMs) expect(slept).toBeLessThanOrEqual(500);
  });

  it("waits as long as Retry-After says", async () => {
    server.play({ status: 429, headers: { "retry-after": "7" } }, { status: 200, body: object() });
    await cluster.get(PLUGIN);
    expect(server.clock.sleptMs[0]).toBeGreaterThanOrEqual(7000);
    expect(server.clock.sleptMs[0]).toBeLessThanOrEqual(7250);
  });

  it("gives up after five tries and says what was attempted", async () => {
    server.play(...Array.from({ length: 9 }, () => ({ status: 503 })));
    const error = await refusal(cluster.get(PLUGIN));
    expect(error.message).toContain("get wasmplugins ganglion in namespace ai: status 503");
    expect(server.seen).toHaveLength(5);
  });

  it("is tried again when the connection is cut in the middle of the answer", async () => {
    server.play("cut", { status: 200, body: object() });
    expect(await cluster.apply(object())).toEqual(object());
  });

  it("is not waited for beyond its time", async () => {
    const hasty = await server.connect({ timeoutMs: 50 });
    server.play("hang", "hang", "hang", "hang", "hang");
    const error = await refusal(hasty.get(PLUGIN));
    expect(error.code).toBe("E_CLUSTER_CONNECT");
    expect(error.message).toContain("no answer in 50 ms");
  });

  it("says where nobody listens", async () => {
    const gone = await FakeApiServer.start();
    const late = await gone.connect();
    await gone.stop();
    const error = await refusal(late.get(PLUGIN));
    expect(error.message).toMatch(/no answer from http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/);
  });
});

describe("reading", () => {
  it("takes a missing object and a missing kind for none", async () => {
    server.play({ status: 404, body: { message: "not found" } }, { status: 404 });
    expect(await cluster.find(PLUGIN)).toBeUndefined();
    expect(await cluster.find({ ...PLUGIN, apiVersion: "x.y/v1", kind: "Z" })).toBeUndefined();
    server.play({ status: 404 });
    expect(await cluster.delete(PLUGIN)).toBe(false);
  });

  it("reads a list page by page and completes its items", async () => {
    server.play(
      {
        status: 200,
        body: { metadata: { continue: "more" }, items: [{ metadata: { name: "a" } }] },
      },
      { status: 200, body: { metadata: {}, items: [{ metadata: { name: "b" } }] } },
    );
    const pods = await cluster.list({ apiVersion: "v1", kind: "Pod" }, { labelSelector: "x=y" });
    expect(pods).toEqual([
      { apiVersion: "v1", kind: "Pod", metadata: { name: "a" } },
      { apiVersion: "v1", kind: "Pod", metadata: { name: "b" } },
    ]);
    expect(server.seen.map(({ path }) => path)).toEqual(
      Array(2).fill("/api/v1/namespaces/ai/pods"),
    );
    expect(server.seen[1]?.query).toEqual({ labelSelector: "x=y", limit: "500", continue: "more" });
  });

  it("asks once for the place of a kind that it does not know", async () => {
    const found = { name: "gateways", kind: "Gateway", namespaced: true };
    const list = { status: 200, body: { items: [] } };
    server.play({ status: 200, body: { resources: [found] } }, list, list);
    const kind = { apiVersion: "networking.istio.io/v1", kind: "Gateway" };
    await cluster.list(kind);
    await cluster.list(kind, { namespace: "" });
    expect(server.seen.map(({ path }) => path)).toEqual([
      "/apis/networking.istio.io/v1",
      "/apis/networking.istio.io/v1/namespaces/ai/gateways",
      "/apis/networking.istio.io/v1/gateways",
    ]);
  });

  it("watches line by line until the server ends it", async () => {
    const events = [1, 2].map((n) => JSON.stringify({ type: "MODIFIED", object: object(`${n}`) }));
    server.play({ status: 200, body: `${events.join("\n")}\n` });
    const seen: string[] = [];
    for await (const { type, object: changed } of cluster.watch(PLUGIN)) {
      seen.push(`${type} ${changed.metadata.resourceVersion}`);
    }
    expect(seen).toEqual(["MODIFIED 1", "MODIFIED 2"]);
  });

  it("says when the version to watch from is too old", async () => {
    const gone = { type: "ERROR", object: { code: 410, message: "too old resource version" } };
    server.play({ status: 200, body: `${JSON.stringify(gone)}\n` });
    const watching = (async () => {
      for await (const event of cluster.watch(PLUGIN, { resourceVersion: "1" })) void event;
    })();
    expect((await refusal(watching)).code).toBe("E_CLUSTER_EXPIRED");
  });
});

describe("the request budget", () => {
  it("lets a burst pass and holds a loop to 20 requests a second", async () => {
    const busy = await server.connect();
    server.play();
    server.respondWith(() => ({ status: 200, body: object() }));
    const startMs = server.clock.nowMs();
    for (let i = 0; i < 300; i++) await busy.get(PLUGIN);
    const elapsedMs = server.clock.nowMs() - startMs;
    expect(elapsedMs).toBeGreaterThanOrEqual((300 - 100 - 1) * 50);
    expect(elapsedMs).toBeLessThanOrEqual((300 - 100 + 1) * 50);
  });
});
