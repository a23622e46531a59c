// What a policy puts into the Envoys of a gateway, of a caller and of the called, on a real control plane:
// yes everywhere, and a no for exactly what somebody has changed by hand.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compilePolicy } from "../../host-tools/src/config/policy-compile";
import { readFilterModule } from "../../host-tools/src/lib/filter-module";
import { paint } from "../../host-tools/src/lib/talk";
import {
  adminPages,
  checkProxy,
  type ProxyCheck,
  proxyState,
  proxyText,
} from "../../host-tools/src/proxy-check";
import { eventually, GATEWAY_LABELS, type KubeObject, Mesh, meshCanRun, type Proxy } from "./rig";
import { type Echo, startEcho } from "./support/echo";
import { policyObjects } from "./support/policy-objects";
import { hostHeader, SERVICE_PORT, startWorkload } from "./support/workload";

const NAMESPACE = "ai-services";
const GATEWAY_PORT = 18443;
const SECRET = "chat-cert";
/** What the annotation sidecar.istio.io/statsInclusionPrefixes says, in the words of a ProxyConfig. */
const PUBLISHING = { proxyStatsMatcher: { inclusionPrefixes: ["cluster.outbound"] } };

const policyText = (image: string): string => `\
version: 1
mesh:
  istio: "1.31"
  namespace: ${NAMESPACE}
  image: ${image}
  workloads: { app: conversation-service }
  mtls: strict
  rate_limit_service: { host: limits.localhost, port: 8081, mtls: false }
gateway:
  public:
    service: llm-service
    hosts: [chat.example.com]
    port: ${GATEWAY_PORT}
    tls_secret: ${SECRET}
    tls_version_min: "1.3"
calls: { conversation-service: [llm-service] }
services:
  conversation-service:
    port: ${SERVICE_PORT}
    routes: [{ name: talk, match: { authority: chat.example.com } }]
  llm-service:
    port: ${SERVICE_PORT}
    allow: [{ from: [conversation-service], methods: [POST] }, { from: [istio-system/gateway] }]
    retry_budget: { percent: 25, min_concurrent: 5 }
    endpoint_override: x-gateway-destination-endpoint
    global_limits: [{ name: all, requests_per_second: 500 }]
    local_limits: { requests_per_second: 40 }
    routes: [{ name: chat, match: { authority: "llm-service:8080", path_prefix: /api/llm } }]
`;

describe.runIf(await meshCanRun())("a policy's further kinds in real Envoys", () => {
  let mesh: Mesh;
  let echo: Echo;
  let llm: Proxy;
  let conversation: Proxy;
  let gateway: Proxy;
  let image: string;
  let objects: readonly KubeObject[];

  beforeAll(async () => {
    echo = await startEcho(["llm"]);
    mesh = await Mesh.start({ namespaces: [NAMESPACE] });
    image = (await mesh.registry.push(await readFilterModule(), "filter")).reference;
    const at = { namespace: NAMESPACE };
    await mesh.apply(readerOfSecrets());
    [llm, conversation, gateway] = await Promise.all([
      startWorkload(mesh, { ...at, name: "llm-service", appPort: echo.ports["llm"]! }),
      startWorkload(mesh, { ...at, name: "conversation-service", proxyConfig: PUBLISHING }),
      mesh.startProxy({ ...at, name: "ingress", kind: "router", labels: GATEWAY_LABELS }),
    ]);
    // What stands for iptables here are Sidecars of the rig's own.
    objects = policyObjects(policyText(image), image).filter(({ kind }) => kind !== "Sidecar");
    await mesh.apply(objects);
  });
  afterAll(async () => {
    await mesh?.stop();
    await echo?.stop();
  });

  /** Istio's own gateways have it: istiod hands a secret only to whom the API server would. */
  function readerOfSecrets(): KubeObject[] {
    const metadata = { name: "gateway-secrets", namespace: NAMESPACE };
    const rbac = "rbac.authorization.k8s.io";
    const rules = [{ apiGroups: [""], resources: ["secrets"], verbs: ["get", "list", "watch"] }];
    const roleRef = { apiGroup: rbac, kind: "Role", name: metadata.name };
    const subjects = [{ kind: "ServiceAccount", name: "default", namespace: NAMESPACE }];
    return [
      { apiVersion: `${rbac}/v1`, kind: "Role", metadata, rules },
      { apiVersion: `${rbac}/v1`, kind: "RoleBinding", metadata, roleRef, subjects },
    ];
  }

  /** Any pair does; the API server's own is at hand. */
  function certificate(): KubeObject {
    const folder = join(dirname(mesh.kubeconfig), "kubernetes", "certificates");
    const read = (name: string): string => readFileSync(join(folder, name), "base64");
    return {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: SECRET, namespace: NAMESPACE },
      type: "kubernetes.io/tls",
      data: { "tls.crt": read("apiserver.crt"), "tls.key": read("apiserver.key") },
    };
  }

  async function check(proxy: Proxy, text = policyText(image)): Promise<ProxyCheck> {
    const { policy, config } = compilePolicy(text, "ganglion.yaml");
    const address = `127.0.0.1:${proxy.admin.port}`;
    return checkProxy(policy, config, proxyState(await adminPages(address), address));
  }

  async function told(proxy: Proxy, verdict: string, text?: string): Promise<string[]> {
    return (await check(proxy, text)).answers
      .filter((one) => one.verdict === verdict)
      .map(({ group, item, said, found }) => `${group} ${item}: ${said} / ${found}`);
  }

  const settled = (proxy: Proxy, items: readonly string[]): Promise<string[]> =>
    eventually(`yes in ${proxy.name}`, async () => {
      const yes = await told(proxy, "yes");
      const has = items.every((item) => yes.some((line) => line.startsWith(`${item}: `)));
      return has && (await told(proxy, "no")).length === 0 ? yes : undefined;
    });

  async function change(kind: string, name: string, from: string, to: string): Promise<void> {
    const object = objects.find((one) => one.kind === kind && one.metadata.name === name);
    const text = JSON.stringify(object);
    expect(text).toContain(from);
    await mesh.apply([JSON.parse(text.replace(from, to)) as KubeObject]);
  }

  const becomes = (proxy: Proxy, lines: readonly string[], text?: string): Promise<boolean> =>
    eventually(lines.join("; "), async () => {
      return JSON.stringify(await told(proxy, "no", text)) === JSON.stringify(lines);
    });

  it("are found in the called one's: limits, callers, mutual TLS", async () => {
    const yes = await settled(llm, [
      "llm-service llm-service-global-limit envoy.filters.http.ratelimit",
      "llm-service llm-service-global-limit routes",
      "llm-service llm-service-global-limit cluster ganglion_rate_limit",
      "llm-service llm-service-local-limit envoy.filters.http.local_ratelimit",
      "llm-service AuthorizationPolicy llm-service-callers",
      "llm-service mesh.mtls of callers",
    ]);
    expect(yes).toContain("llm-service AuthorizationPolicy llm-service-callers: 2 rules / 2 rules");
    expect(yes).toContain("llm-service mesh.mtls of callers: strict / strict");
  });

  it("are found in the caller's: budget, override, the image by its digest", async () => {
    const digest = /sha256:[0-9a-f]{64}$/.exec(image)![0];
    const yes = await settled(conversation, [
      "llm-service retry_budget.percent",
      "llm-service retry_budget.min_concurrent",
      "llm-service llm-service-endpoint-override cluster",
      "proxy filter alive",
    ]);
    expect(yes).toContain(`proxy mesh.image: ${digest} / ${digest}`);
    expect(await told(conversation, "absent")).toContain(
      "conversation-service mesh.mtls of callers: strict / this proxy takes no calls",
    );
    const other = policyText(image.replace(digest, `sha256:${"0".repeat(64)}`));
    await becomes(conversation, [`proxy mesh.image: sha256:${"0".repeat(64)} / ${digest}`], other);
  });

  it("come with counters where the pod publishes them, and with the reason where there are none", async () => {
    const of = async (proxy: Proxy) => (await check(proxy)).acted.get("llm-service")!;
    const page = async (proxy: Proxy): Promise<string> => proxyText(await check(proxy), paint);
    expect(new Set((await of(gateway)).missing.values())).toEqual(
      new Set(["not published", "no outlier detection"]),
    );
    expect(await page(gateway)).toContain("sidecar.istio.io/statsInclusionPrefixes");
    expect((await of(conversation)).missing.get("retries")).toBe("no call yet");
    const headers = hostHeader("llm-service", NAMESPACE);
    await conversation.get(SERVICE_PORT, "/api/llm/chat", { method: "POST", headers });
    const published = {
      overflows: 0,
      retries: 0,
      retry_overflows: 0,
      timeouts: 0,
      try_timeouts: 0,
    };
    expect((await of(conversation)).counts).toMatchObject({ ...published, ejections: null });
    expect(await page(conversation)).toContain("ejections: the cluster has no outlier detection");
  });

  it("are found in the gateway's, once the certificate is there", async () => {
    await becomes(gateway, [
      `proxy gateway.public.port: ${GATEWAY_PORT} / the certificate has not come: is the secret in ` +
        "the namespace of the gateway's pods?",
    ]);
    await mesh.apply(certificate());
    const yes = await settled(gateway, ["proxy gateway.public.port", "proxy gateway.public.hosts"]);
    expect(yes).toContain(`proxy gateway.public.tls_secret: ${SECRET} / ${SECRET}`);
    expect(yes).toContain("proxy gateway.public.tls_version_min: TLSv1_3 / TLSv1_3");
  });

  it("are a no in each of them where somebody has changed one number or word", async () => {
    await change("EnvoyFilter", "llm-service-local-limit", '"max_tokens":40', '"max_tokens":50');
    const limit =
      "llm-service llm-service-local-limit envoy.filters.http.local_ratelimit: as patched / " +
      "typed_config.token_bucket.max_tokens 50";
    await becomes(llm, [limit]);
    await change("PeerAuthentication", "ganglion", "STRICT", "PERMISSIVE");
    await becomes(llm, [limit, "llm-service mesh.mtls of callers: strict / permissive"]);
    await change("DestinationRule", "llm-service", '"percent":25', '"percent":30');
    await becomes(conversation, ["llm-service retry_budget.percent: 25 / 30"]);
    await change("Gateway", "public", "TLSV1_3", "TLSV1_2");
    await becomes(gateway, [
      "proxy gateway.public.tls_version_min: TLSv1_3 / TLSv1_2",
      "llm-service retry_budget.percent: 25 / 30",
    ]);
    const { client } = mesh;
    const callers = ["AuthorizationPolicy", "llm-service-callers", NAMESPACE] as const;
    await client.delete("security.istio.io/v1", ...callers);
    await eventually("no rules of callers", async () => {
      const no = await told(llm, "no");
      return no.includes("llm-service AuthorizationPolicy llm-service-callers: 2 rules / 0 rules");
    });
  });
});
