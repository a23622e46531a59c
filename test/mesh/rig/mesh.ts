// A mesh on one machine: etcd, an API server with RBAC, istiod, an OCI registry, and as many proxies as
// asked for. Several can run at once. Everything that it starts and writes is gone after `stop`, and after
// any other end of this process.

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { scratchDir } from "../../../host-tools/src/rig";
import { createAccount, type Account, type AccountOptions } from "./account";
import { FaultLink } from "./fault-link";
import { loopbackNetwork } from "./free-ports";
import type { Say } from "./go-programs";
import { type Istiod, type IstiodOptions, prepareIstiod } from "./istiod";
import { KubeClient, type KubeObject } from "./kube-client";
import { writeKubeconfig } from "./kubeconfig";
import { keepLogs } from "./kept-logs";
import { type Kubernetes, prepareKubernetes } from "./kubernetes";
import { MeshRegistry } from "./mesh-registry";
import type { Part } from "./part";
import { type MeshParts, meshParts } from "./parts";
import { Proxy, type ProxyOptions } from "./proxy";

export interface MeshOptions {
  /** How many gateways to start with: `gateway-1` and so on, with GATEWAY_LABELS. Default 0. */
  readonly proxies?: number;
  /** Namespaces beside `default` and `istio-system`. */
  readonly namespaces?: readonly string[];
  /** More to apply before istiod starts: definitions of resources that Istio does not bring. */
  readonly crds?: readonly string[];
  readonly istiod?: IstiodOptions;
  /** False to begin without istiod, for tests that only talk to the API server. Default true. */
  readonly controlPlane?: boolean;
  /** One sentence before anything that takes longer than a moment. */
  readonly say?: Say;
}

/** Labels of the gateways that `proxies` starts, and of Istio's own ingress gateway. */
export const GATEWAY_LABELS = { app: "istio-ingressgateway", istio: "ingressgateway" } as const;

export class Mesh {
  /** By name. */
  readonly proxies: Proxy[] = [];
  /** The administrator's. */
  readonly client: KubeClient;
  private readonly agents: Part[] = [];
  private readonly links: FaultLink[] = [];
  private hosts = 0;
  private files = 0;

  private constructor(
    readonly parts: MeshParts,
    private readonly folder: string,
    /** Path of the administrator's kubeconfig. */
    readonly kubeconfig: string,
    readonly kubernetes: Kubernetes,
    readonly registry: MeshRegistry,
    readonly istiod: Istiod,
    /** First three parts of the addresses of its workloads. */
    private readonly network: string,
  ) {
    this.client = new KubeClient(kubernetes.admin);
  }

  /** Starts a mesh, with parts built first where they are missing. */
  static async start(options: MeshOptions = {}): Promise<Mesh> {
    const parts = await meshParts(options.say ?? (() => {}));
    const folder = scratchDir("mesh");
    const kubeconfig = join(folder, "kubeconfig");
    const mesh = new Mesh(
      parts,
      folder,
      kubeconfig,
      await prepareKubernetes(parts, join(folder, "kubernetes")),
      await MeshRegistry.prepare(parts, join(folder, "registry")),
      await prepareIstiod(parts, join(folder, "istiod"), kubeconfig, options.istiod ?? {}),
      await loopbackNetwork(),
    );
    try {
      await mesh.begin(options);
      return mesh;
    } catch (error) {
      await mesh.stop();
      throw error;
    }
  }

  private async begin(options: MeshOptions): Promise<void> {
    await Promise.all([this.registry.start(), this.startKubernetes(options)]);
    if (options.controlPlane ?? true) await this.startIstiod();
    await Promise.all(
      Array.from({ length: options.proxies ?? 0 }, (_, i) =>
        this.startProxy({ name: `gateway-${i + 1}`, kind: "router", labels: GATEWAY_LABELS }),
      ),
    );
  }

  private async startKubernetes(options: MeshOptions): Promise<void> {
    const { etcd, apiServer, admin } = this.kubernetes;
    await etcd.start();
    await apiServer.start();
    writeKubeconfig(this.kubeconfig, admin);
    const namespaces = ["default", "istio-system", ...(options.namespaces ?? [])];
    const crds = [readFileSync(this.parts.istioCrds, "utf8"), ...(options.crds ?? [])];
    await Promise.all([
      ...namespaces.map((name) => this.namespace(name)),
      ...crds.map((crd) => this.client.apply(crd)),
    ]);
  }

  /** Makes a namespace, or sets its labels. */
  async namespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.client.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
  }

  /** Server-side apply by the administrator, which takes fields from others. @throws KubeRefusal */
  apply(
    objects: string | KubeObject | readonly KubeObject[],
    options: { readonly dryRun?: boolean } = {},
  ): Promise<KubeObject[]> {
    return this.client.apply(objects, options);
  }

  /** Starts a proxy and waits until it takes traffic. */
  async startProxy(options: ProxyOptions): Promise<Proxy> {
    const { parts, client, istiod, agents } = this;
    const folder = join(this.folder, "proxies");
    const withIp = { ...options, ip: options.ip ?? this.nextIp() };
    const proxy = await Proxy.start(withIp, { parts, client, istiod, agents, folder });
    this.proxies.push(proxy);
    this.proxies.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
    return proxy;
  }

  /** A new address for a workload, in a network of the mesh's own. */
  nextIp(): string {
    return `${this.network}.${++this.hosts}`;
  }

  /** A service account that may do what its rules say and nothing else, with its kubeconfig. */
  account(options: AccountOptions): Promise<Account> {
    return createAccount(this.client, this.kubernetes.admin, this.newFile("kubeconfig"), options);
  }

  /** A client of whoever holds the token. */
  clientOf(token: string): KubeClient {
    return new KubeClient({ ...this.kubernetes.admin, token });
  }

  /** A kubeconfig of the administrator that goes through a link to the API server. */
  kubeconfigThrough(link: FaultLink): string {
    const access = { ...this.kubernetes.admin, port: link.port };
    return writeKubeconfig(this.newFile("kubeconfig"), access);
  }

  /** A hop with faults before a port of the mesh: the API server's, the registry's, istiod's xDS. */
  async link(targetPort: number): Promise<FaultLink> {
    const link = await FaultLink.open(targetPort);
    this.links.push(link);
    return link;
  }

  startIstiod(): Promise<void> {
    return this.istiod.part.start();
  }

  stopIstiod(): Promise<void> {
    return this.istiod.part.stop();
  }

  /** kill -9 or SIGTERM of the API server, and a new one with the same address. */
  async restartApiServer(how: "stop" | "kill" = "stop"): Promise<void> {
    await this.kubernetes.apiServer[how]();
    await this.kubernetes.apiServer.start();
  }

  /** Ends everything, and removes the folder; keeps the logs where that is asked for. Idempotent. */
  async stop(): Promise<void> {
    const { etcd, apiServer, podNetwork } = this.kubernetes;
    await Promise.all([
      ...this.links.map((link) => link.close()),
      ...this.agents.map((agent) => agent.stop()),
      this.istiod.part.kill(),
      this.registry.kill(),
      apiServer.kill(),
      etcd.kill(),
      podNetwork.stop(),
    ]);
    this.client.close();
    keepLogs(this.folder);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  private newFile(name: string): string {
    const folder = join(this.folder, "accounts");
    mkdirSync(folder, { recursive: true });
    return join(folder, `${name}-${++this.files}`);
  }
}
