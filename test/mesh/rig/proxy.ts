// One proxy of a mesh: istio-agent and the Envoy that it starts, with a pod of its own in the API server.
// Instead of a network namespace each has an address of its own in 127.0.0.0/8.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EnvoyAdmin, httpGet, type HttpReply } from "../../../host-tools/src/rig";
import { stablePorts } from "./free-ports";
import type { Istiod } from "./istiod";
import type { KubeClient } from "./kube-client";
import { occupiedPort } from "./occupied-port";
import { Part } from "./part";
import type { MeshParts } from "./parts";
import { createPod } from "./pod";

export interface ProxyOptions {
  /** Name of the pod and of the workload. */
  readonly name: string;
  /** A gateway, or the proxy beside a workload. */
  readonly kind: "router" | "sidecar";
  /** Default `default`. Has to exist. */
  readonly namespace?: string;
  /** Labels of the pod, by which objects select it. Default `app: NAME`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Made if it does not exist. Default `default`. */
  readonly serviceAccount?: string;
  /** Address in 127.0.0.0/8; by default the mesh's next one. */
  readonly ip?: string;
  /** Worker threads. Default 2. */
  readonly concurrency?: number;
  /** Port of xDS, if not istiod's own: that of a FaultLink before it. */
  readonly xdsPort?: number;
  /** Environment of the agent, over what the rig needs itself. */
  readonly env?: Readonly<Record<string, string>>;
  /** Fields of Istio's ProxyConfig, over the rig's own. */
  readonly proxyConfig?: Readonly<Record<string, unknown>>;
}

export interface ProxyContext {
  readonly parts: MeshParts;
  readonly folder: string;
  readonly client: KubeClient;
  readonly istiod: Istiod;
  /** Told of each agent before it is started, to be ended with the rest whatever happens. */
  readonly agents: Part[];
}

const READY_TIMEOUT_MS = 60_000;
/** On each proxy's pod, with a value that no other has. */
const PROXY_LABEL = "mesh-rig/proxy";

export class Proxy {
  private constructor(
    readonly name: string,
    readonly namespace: string,
    /** The pod's address: gateways bind there, inbound listeners too. */
    readonly ip: string,
    readonly admin: EnvoyAdmin,
    /** Of /stats/prometheus, on `ip`. */
    readonly prometheusPort: number,
    /** istio-agent; its Envoy comes and goes with it. */
    readonly agent: Part,
    readonly folder: string,
  ) {}

  /** Makes the pod, starts the agent and waits until Envoy takes traffic. */
  static async start(
    options: ProxyOptions & { ip: string },
    context: ProxyContext,
  ): Promise<Proxy> {
    const { name, ip, namespace = "default" } = options;
    const [adminPort, prometheusPort, statusPort] = (await stablePorts(3)) as [
      number,
      number,
      number,
    ];
    const folder = join(context.folder, `${namespace}.${name}`);
    await Promise.all([
      createPod(context.client, { ...podOptions(options), prometheusPort }),
      writeAgentFiles(options, context, folder),
    ]);
    const agentStatusPort = await occupiedPort();
    const ports = { adminPort, prometheusPort, statusPort, agentStatusPort };
    const admin = new EnvoyAdmin(adminPort);
    const agent = new Part({
      name: `istio-agent ${namespace}/${name}`,
      program: context.parts.agent,
      args: agentArgs(options, folder),
      env: agentEnv(options, context, folder, ports),
      folder,
      logPath: join(folder, "agent.log"),
      readyTimeoutMs: READY_TIMEOUT_MS,
      isReady: () => admin.isReady(),
      graceMs: 1000,
    });
    context.agents.push(agent);
    await agent.start();
    return new Proxy(name, namespace, ip, admin, prometheusPort, agent, folder);
  }

  /** Labels that select this proxy and no other. */
  get selector(): Readonly<Record<string, string>> {
    return { [PROXY_LABEL]: `${this.namespace}.${this.name}` };
  }

  /** One request to a listener of this proxy, on its address. */
  get(
    port: number,
    path: string,
    options: Omit<Parameters<typeof httpGet>[2] & object, "host"> = {},
  ): Promise<HttpReply> {
    return httpGet(port, path, { ...options, host: this.ip });
  }

  /** The page that Prometheus would scrape. */
  async prometheus(): Promise<string> {
    return (await this.get(this.prometheusPort, "/stats/prometheus")).body;
  }

  /** Lines of the agent's and Envoy's common log. */
  logLines(part = ""): string[] {
    return this.agent.logLines(part);
  }

  /** Ends agent and Envoy; the pod stays, as that of a crashed container would. */
  async stop(): Promise<void> {
    await this.agent.stop();
  }

  /** Starts them again, with the same address and ports. */
  async restart(): Promise<void> {
    await this.agent.stop();
    await this.agent.start();
  }
}

function podOptions(options: ProxyOptions & { ip: string }) {
  const { name, kind, ip, namespace = "default", serviceAccount = "default" } = options;
  const own = { [PROXY_LABEL]: `${namespace}.${name}` };
  const labels: Record<string, string> = { ...(options.labels ?? { app: name }), ...own };
  // Istio's injector puts it on; istiod speaks mTLS to pods that have it.
  if (kind === "sidecar") labels["security.istio.io/tlsMode"] ??= "istio";
  return { name, namespace, serviceAccount, ip, labels, container: "istio-proxy" };
}

/** Root certificate, token and bootstrap template, where the agent looks for them from its folder. */
async function writeAgentFiles(
  options: ProxyOptions & { ip: string },
  { parts, client }: ProxyContext,
  folder: string,
): Promise<void> {
  const { namespace = "default", serviceAccount = "default" } = options;
  for (const place of ["istio", "tokens"]) {
    mkdirSync(join(folder, "var/run/secrets", place), { recursive: true });
  }
  mkdirSync(join(folder, "var/lib/istiodata"), { recursive: true });
  // The template binds metrics and status to all addresses; ours shall be seen on this machine only.
  const template = readFileSync(parts.bootstrapTemplate, "utf8");
  const bound = template.replaceAll(/\{\{ \.wildcard \}\}/g, options.ip);
  writeFileSync(join(folder, "bootstrap-template.json"), bound);
  await ensureAccount(client, namespace, serviceAccount);
  const [root, token] = await Promise.all([
    rootCertificate(client, namespace),
    client.token(namespace, serviceAccount, "istio-ca"),
  ]);
  writeFileSync(join(folder, "var/run/secrets/istio/root-cert.pem"), root);
  writeFileSync(join(folder, "var/run/secrets/tokens/istio-token"), token);
}

async function ensureAccount(client: KubeClient, namespace: string, name: string): Promise<void> {
  await client.apply({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, namespace },
  });
}

/** istiod writes it into each namespace, a moment after it has started. */
async function rootCertificate(client: KubeClient, namespace: string): Promise<string> {
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const map = await client.get("v1", "ConfigMap", "istio-ca-root-cert", namespace);
    const pem = (map?.data as Record<string, string> | undefined)?.["root-cert.pem"];
    if (pem) return pem;
    if (performance.now() > deadlineMs) {
      throw new Error(`istiod wrote no istio-ca-root-cert into namespace ${namespace}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function agentArgs(options: ProxyOptions, folder: string): string[] {
  const { kind, namespace = "default" } = options;
  return [
    "proxy",
    kind,
    ...["--domain", `${namespace}.svc.cluster.local`],
    ...["--templateFile", join(folder, "bootstrap-template.json")],
    ...["--proxyLogLevel", "warning", "--proxyComponentLogLevel", "wasm:info"],
  ];
}

function agentEnv(
  options: ProxyOptions & { ip: string },
  { parts, istiod }: ProxyContext,
  folder: string,
  ports: Readonly<
    Record<"adminPort" | "prometheusPort" | "statusPort" | "agentStatusPort", number>
  >,
): Record<string, string | undefined> {
  const { name, kind, ip, namespace = "default", serviceAccount = "default" } = options;
  const rootCert = join(folder, "var/run/secrets/istio/root-cert.pem");
  const isSidecar = kind === "sidecar";
  const proxyConfig = {
    discoveryAddress: `127.0.0.1:${options.xdsPort ?? istiod.xdsPort}`,
    binaryPath: parts.envoy,
    configPath: join(folder, "etc/istio/proxy"),
    proxyAdminPort: ports.adminPort,
    statusPort: ports.agentStatusPort,
    concurrency: options.concurrency ?? 2,
    ...(isSidecar ? { interceptionMode: "NONE" } : {}),
    ...options.proxyConfig,
  };
  return {
    PATH: process.env.PATH,
    HOME: folder,
    POD_NAME: name,
    POD_NAMESPACE: namespace,
    INSTANCE_IP: ip,
    SERVICE_ACCOUNT: serviceAccount,
    PILOT_CERT_PROVIDER: "istiod",
    CA_ADDR: `127.0.0.1:${istiod.xdsPort}`,
    XDS_ROOT_CA: rootCert,
    CA_ROOT_CA: rootCert,
    ISTIO_META_CLUSTER_ID: "Kubernetes",
    ISTIO_META_WORKLOAD_NAME: name,
    ISTIO_METAJSON_LABELS: JSON.stringify(podOptions(options).labels),
    ...(isSidecar ? { ISTIO_META_INTERCEPTION_MODE: "NONE" } : {}),
    ENVOY_PROMETHEUS_PORT: String(ports.prometheusPort),
    ENVOY_STATUS_PORT: String(ports.statusPort),
    WASM_INSECURE_REGISTRIES: "*",
    PROXY_CONFIG: JSON.stringify(proxyConfig),
    ...options.env,
  };
}
