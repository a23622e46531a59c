// A real mesh with a service of two versions, set up from a policy as a user would: rendered objects,
// the filter from a registry, a gateway proxy with two workers, load on it. For the live tests of a
// rollout and its bench.

import { connectCluster, type Cluster } from "../../../host-tools/src/cluster";
import { compilePolicy } from "../../../host-tools/src/config/policy-compile";
import { manifestChoices } from "../../../host-tools/src/manifests/render-choices";
import { manifests } from "../../../host-tools/src/manifests/manifests";
import { yamlStream, yamlText } from "../../../host-tools/src/istio/yaml-text";
import { readFilterModule } from "../../../host-tools/src/lib/filter-module";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import {
  freePort,
  type LoadGenerator,
  type LoadResult,
  LoadStatus,
  poissonArrivals,
  startLoadGenerator,
} from "../../../host-tools/src/rig";
import { runRollout } from "../../../host-tools/src/rollout/controller";
import { podProxySource } from "../../../host-tools/src/rollout/proxy-source";
import { type RolloutClock, RolloutLease } from "../../../host-tools/src/rollout/rollout-lease";
import { type RolloutPlan, rolloutPlan } from "../../../host-tools/src/rollout/rollout-plan";
import type { RolloutState } from "../../../host-tools/src/rollout/rollout-state";
import { RolloutStore } from "../../../host-tools/src/rollout/rollout-store";
import { obey, type Order } from "../../../host-tools/src/rollout/state-machine";
import { eventually, httpGateway, Mesh, meshService, type Proxy } from "../rig";
import { FaultyUpstream } from "./faulty-upstream";
import { filterIsThere } from "./filter-is-there";

const NAMESPACE = "ai";
export const SERVICE = "llm-service";
const HOST = `${SERVICE}.${NAMESPACE}.svc.cluster.local`;
const RUN_MS_MAX = 20 * 60_000;

const realClock: RolloutClock = {
  nowMs: () => Date.now(),
  sleep: (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs)),
};

/** @param guard members of `rollout.guard`; its revision tells one try from the next */
function policyText(guard: string, analysis: string): string {
  return `
version: 1
mode: enforce
mesh:
  istio: "1.31"
  namespace: ${NAMESPACE}
  workloads: { ganglion: "on" }
  gateways: [${NAMESPACE}/gateway]
services:
  ${SERVICE}:
    port: 8080
    arms:
      one: { subset: v1, default: true }
      next: { subset: v2 }
    rollout:
      stable: one
      canary: next
      guard: { ${guard} }
      analysis: { ${analysis} }
    routes:
      - { name: chat, match: { path_prefix: /chat }, arms: [one], retries: none }
`;
}

export interface RolloutChoices {
  readonly guard: string;
  readonly analysis: string;
}

export interface Served {
  readonly status: number;
  /** `one` or `next`. */
  readonly servedBy: string;
  readonly cookie: string | undefined;
}

export class RolloutMesh {
  private epoch = 0;
  /** The policy as it was applied last. */
  policyText = "";
  private runs = 0;
  plan!: RolloutPlan;

  private constructor(
    readonly mesh: Mesh,
    readonly proxy: Proxy,
    readonly port: number,
    readonly stable: FaultyUpstream,
    readonly canary: FaultyUpstream,
    private readonly generator: LoadGenerator,
    readonly cluster: Cluster,
    private readonly image: string,
    private readonly say: (line: string) => void,
  ) {}

  static async start(say: (line: string) => void = () => undefined): Promise<RolloutMesh> {
    const mesh = await Mesh.start({ namespaces: [NAMESPACE], say });
    try {
      const labels = { app: "gateway", ganglion: "on" };
      const proxy = await mesh.startProxy({
        name: "gateway",
        kind: "router",
        namespace: NAMESPACE,
        labels,
      });
      const port = await freePort();
      const stable = await FaultyUpstream.start("one");
      const canary = await FaultyUpstream.start("next");
      const generator = await startLoadGenerator();
      const cluster = await connectCluster({ kubeconfig: mesh.kubeconfig, namespace: NAMESPACE });
      const { reference } = await mesh.registry.push(await readFilterModule(), "team/ganglion");
      const all = new RolloutMesh(
        mesh,
        proxy,
        port,
        stable,
        canary,
        generator,
        cluster,
        reference,
        say,
      );
      await mesh.apply([
        httpGateway({
          name: "gateway",
          namespace: NAMESPACE,
          selector: labels,
          ip: proxy.ip,
          port,
        }),
        meshService({
          namespace: NAMESPACE,
          host: SERVICE,
          port: 8080,
          endpoints: [
            { port: stable.port, labels: { version: "v1" } },
            { port: canary.port, labels: { version: "v2" } },
          ],
        }),
      ]);
      return all;
    } catch (error) {
      await mesh.stop();
      throw error;
    }
  }

  /** Renders and applies the policy, and waits until the filter counts for this try. */
  async apply({ guard, analysis }: RolloutChoices): Promise<void> {
    this.epoch += 1;
    const text = policyText(`revision: try-${this.epoch}, ${guard}`, analysis);
    const { policy, config } = compilePolicy(text, "policy");
    this.policyText = text;
    this.plan = rolloutPlan(policy, SERVICE);
    this.stable.fail(0);
    this.canary.fail(0);
    const choices = manifestChoices(policy, { kind: "auto", image: this.image });
    const list = manifests(policy, { ...config, epoch: this.epoch }, choices);
    // Whatever belongs to others' controllers has no kind in this API server.
    const istio = list.filter(({ object }) => object.apiVersion.includes("istio.io/"));
    await this.mesh.apply(yamlStream(istio.map(({ object }) => yamlText(object))));
    await eventually("the filter has the policy", async () => {
      const { status } = await this.get({});
      const isNew = await filterIsThere(this.proxy, this.epoch);
      if (status !== 200 || !isNew) return false;
      // The gauge follows a tick later.
      return !/ganglion_canary_killed(\{[^}]*\})? 1/.test(await this.proxy.prometheus());
    });
  }

  /** One request through the proxy. */
  async get(headers: Readonly<Record<string, string>>): Promise<Served> {
    const sent = { headers: { host: HOST, ...headers } };
    const { status, headers: got } = await this.proxy.get(this.port, "/chat", sent);
    const cookie = [got["set-cookie"] ?? []].flat()[0];
    return { status, servedBy: String(got["x-served-by"] ?? ""), cookie };
  }

  /** The tool's own loop, from the first write to the end. */
  rollOut(signal?: AbortSignal): Promise<RolloutState> {
    const { cluster, plan } = this;
    const identity = `test-${++this.runs}`;
    const lease = new RolloutLease(cluster, plan, identity, realClock);
    const source = podProxySource(plan, cluster);
    const say = (line: string): void => this.say(`  ${line}`);
    const parts = { plan, store: this.store, lease, source, clock: realClock, say, signal };
    return runRollout(parts, `r${this.runs}`, "start");
  }

  /** As `ganglion rollout ORDER` does. */
  async order(order: Order): Promise<void> {
    const view = await this.store.read();
    const { state } = view;
    if (state === undefined) throw new Error("no rollout to give an order to");
    await this.store.write(view, obey(this.plan, state, order, Date.now()));
  }

  /** The state of the last check that the tool has kept, by whoever runs the rollout. */
  keptCheck(): Promise<RolloutState | undefined> {
    return new RolloutLease(this.cluster, this.plan, "", realClock).look();
  }

  /** Until the canary has had requests; under load. */
  async untilServed(): Promise<void> {
    const { requests } = this.canary;
    await eventually("the canary is served", async () => this.canary.requests >= requests + 20);
  }

  /** Until the canary has had none for a second; under load, or with requests of this one's. */
  async untilQuiet(): Promise<void> {
    await eventually("the canary is quiet", async () => {
      await this.get({});
      return performance.now() - this.canary.lastRequestMs > 1000;
    });
  }

  get store(): RolloutStore {
    return new RolloutStore(this.cluster, this.plan);
  }

  /** Open-loop load until `stop`. */
  load(ratePerS: number, seed: number): RolloutLoad {
    const running = this.generator.openLoop({
      target: { port: this.port, host: this.proxy.ip },
      templates: [{ tag: "chat", path: "/chat", headers: { host: HOST } }],
      intendedMs: poissonArrivals(ratePerS, RUN_MS_MAX, seededPrng(seed).fork("rollout")),
      captureHeaders: ["x-served-by"],
    });
    return new RolloutLoad(this.generator, running);
  }

  async stop(): Promise<void> {
    await Promise.allSettled([
      this.generator.stop(),
      this.stable.stop(),
      this.canary.stop(),
      this.mesh.stop(),
    ]);
  }
}

export class RolloutLoad {
  constructor(
    private readonly generator: LoadGenerator,
    private readonly running: Promise<LoadResult>,
  ) {
    // A test that fails stops the generator before it asks for the result.
    running.catch(() => undefined);
  }

  async stop(): Promise<{ readonly requests: number; readonly failed: number }> {
    await this.generator.stopRun();
    const { status } = await this.running;
    const sent = status.filter((one) => one !== LoadStatus.notRun);
    return { requests: sent.length, failed: sent.filter((one) => one !== 200).length };
  }
}
