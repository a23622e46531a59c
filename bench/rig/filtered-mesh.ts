// A real mesh with our filter in several proxies: control plane, registry, upstreams and a load
// generator for each proxy, for benches of whatever reaches proxies through the API server.

import { connectCluster, type Cluster } from "../../host-tools/src/cluster";
import type { PluginConfig } from "../../host-tools/src/config/plugin-config";
import type { IstioVersion, MeshFacts } from "../../host-tools/src/config/policy";
import {
  filterImage,
  filterKind,
  filterObject,
  type KindChoice,
} from "../../host-tools/src/istio/filter-object";
import { readFilterModule } from "../../host-tools/src/lib/filter-module";
import {
  freePort,
  startLoadGenerator,
  startUpstreams,
  type LoadGenerator,
  type Upstreams,
} from "../../host-tools/src/rig";
import { eventually, httpGateway, Mesh, meshService, type Proxy } from "../../test/mesh/rig";

export const NAMESPACE = "ai";
export const FILTER = "ganglion";
/** The header by which an upstream tells which model scored the request. */
export const MODEL_HEADER = "x-echo-x-ganglion-model";
const WORKLOADS = { ganglion: "on" } as const;
const ISTIO: IstioVersion = { major: 1, minor: 31 };

export interface FilteredMeshOptions {
  readonly seed: number;
  readonly proxies: number;
  readonly kind?: KindChoice;
  readonly say: (line: string) => void;
}

export class FilteredMesh {
  private constructor(
    readonly mesh: Mesh,
    readonly proxies: readonly Proxy[],
    readonly port: number,
    readonly upstreams: Upstreams,
    readonly generators: readonly LoadGenerator[],
    /** The administrator's. */
    readonly cluster: Cluster,
    private readonly kind: KindChoice,
  ) {}

  static async start(options: FilteredMeshOptions): Promise<FilteredMesh> {
    const startedMs = performance.now();
    const mesh = await Mesh.start({ namespaces: [NAMESPACE], say: options.say });
    try {
      const port = await freePort();
      const proxies: Proxy[] = [];
      for (let i = 1; i <= options.proxies; i++) {
        const labels = { app: `gateway-${i}`, ...WORKLOADS };
        const name = `gateway-${i}`;
        proxies.push(await mesh.startProxy({ name, kind: "router", namespace: NAMESPACE, labels }));
      }
      const law = { kind: "lognormal", medianMs: 20, sigma: 0.3 } as const;
      const upstreams = await startUpstreams([{ name: "a", law }], { seed: options.seed });
      const generators = await Promise.all(proxies.map(() => startLoadGenerator()));
      const cluster = await connectCluster({ kubeconfig: mesh.kubeconfig, namespace: NAMESPACE });
      const kind = options.kind ?? "auto";
      const all = new FilteredMesh(mesh, proxies, port, upstreams, generators, cluster, kind);
      await all.route();
      options.say(`mesh with ${proxies.length} proxies: ${elapsedS(startedMs)} s`);
      return all;
    } catch (error) {
      await mesh.stop();
      throw error;
    }
  }

  /** Gateways, one service and a rule for everything; then waits until each proxy answers. */
  private async route(): Promise<void> {
    const { mesh, proxies, port, upstreams } = this;
    const host = `llm.${NAMESPACE}.svc.cluster.local`;
    const endpoints = [{ port: upstreams.port("a") }];
    await mesh.apply([
      ...proxies.map(({ name, ip }) =>
        httpGateway({ name, namespace: NAMESPACE, selector: { app: name }, ip, port }),
      ),
      meshService({ namespace: NAMESPACE, host: "llm", port: 8080, endpoints }),
      {
        apiVersion: "networking.istio.io/v1",
        kind: "VirtualService",
        metadata: { name: "llm", namespace: NAMESPACE },
        spec: {
          hosts: ["*"],
          gateways: proxies.map(({ name }) => name),
          http: [{ route: [{ destination: { host, port: { number: 8080 } } }] }],
        },
      },
    ]);
    for (const proxy of proxies) {
      const answers = async () => (await proxy.get(port, "/chat")).status === 200;
      await eventually(`${proxy.name} answers`, answers);
    }
  }

  /** Pushes the filter's image; its reference by digest. */
  async pushImage(): Promise<string> {
    return (await this.mesh.registry.push(await readFilterModule(), "team/ganglion")).reference;
  }

  /** The object that brings the filter in, as `render` writes it. */
  object(image: string, config: PluginConfig): ReturnType<typeof filterObject> {
    const mesh: MeshFacts = {
      istio: ISTIO,
      namespace: NAMESPACE,
      workloads: WORKLOADS,
      gateways: [],
      image: undefined,
    };
    const kind = filterKind(this.kind, ISTIO);
    return filterObject(kind, FILTER, mesh, filterImage(image), config);
  }

  async stop(): Promise<void> {
    await Promise.allSettled([
      ...this.generators.map((generator) => generator.stop()),
      this.upstreams.stop(),
      this.mesh.stop(),
    ]);
  }
}

/** A configuration with one route that everything takes and that every request is scored on. */
export function chatConfig(epoch: number): PluginConfig {
  return {
    version: 1,
    epoch,
    mode: "enforce",
    expose: "always",
    routes: [{ name: "chat", match: { path_prefix: "/" } }],
  };
}

function elapsedS(sinceMs: number): string {
  return ((performance.now() - sinceMs) / 1000).toFixed(1);
}
