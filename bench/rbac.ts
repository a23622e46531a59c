// What a pusher of weights may do with the Role that `ganglion weights role` prints, on a real API
// server: 20 verbs, each tried with the pusher's own token. Authorization answers 403 before
// anything else is looked at, so every other status means that the verb passed. And the Role is
// enough: the tool's own push goes through with it, history included.

import { readShippedModel } from "../host-tools/src/lib/shipped-model";
import { connectCluster } from "../host-tools/src/cluster";
import { withModel } from "../host-tools/src/config/plugin-config";
import { readFilterModule } from "../host-tools/src/lib/filter-module";
import { seededPrng } from "../host-tools/src/lib/prng";
import { changeWeights } from "../host-tools/src/weights/change-weights";
import { pushPlan } from "../host-tools/src/weights/plans";
import { roleObjects } from "../host-tools/src/weights/role";
import { filterImage, filterObject } from "../host-tools/src/istio/filter-object";
import { Mesh } from "../test/mesh/rig";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { chatConfig } from "./rig/filtered-mesh";
import { changePorts } from "./rig/mesh-pusher";
import { modelVariant } from "./rig/model-variants";

const NAMESPACE = "ai";
const OTHER_NAMESPACE = "other";
const NAME = "ganglion";
const ACCOUNT = "pusher";
const HISTORY = `${NAME}-weights-history`;

interface Tried {
  readonly verb: string;
  readonly method: "GET" | "PATCH" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  /** Whether the Role states it. */
  readonly stated: boolean;
}

const core = (rest: string, namespace = NAMESPACE): string =>
  `/api/v1/namespaces/${namespace}/${rest}`;
const extensions = (rest: string, namespace = NAMESPACE): string =>
  `/apis/extensions.istio.io/v1alpha1/namespaces/${namespace}/${rest}`;
const rbac = (rest: string): string =>
  `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/${rest}`;

function tried(verb: string, method: Tried["method"], path: string, stated = false): Tried {
  return { verb, method, path, stated };
}

/** What is stated comes first, then everything that a pusher could be tempted to. */
const VERBS: readonly Tried[] = [
  tried("get the filter", "GET", extensions(`trafficextensions/${NAME}`), true),
  tried("patch the filter", "PATCH", extensions(`trafficextensions/${NAME}`), true),
  tried("get the history", "GET", core(`configmaps/${HISTORY}`), true),
  tried("patch the history", "PATCH", core(`configmaps/${HISTORY}`), true),
  tried("list pods", "GET", core("pods"), true),
  tried("list filters", "GET", extensions("trafficextensions")),
  tried("get another filter", "GET", extensions("trafficextensions/other")),
  tried("patch another filter", "PATCH", extensions("trafficextensions/other")),
  tried(
    "patch a filter elsewhere",
    "PATCH",
    extensions(`trafficextensions/${NAME}`, OTHER_NAMESPACE),
  ),
  tried("create a filter", "POST", extensions("trafficextensions")),
  tried("replace the filter", "PUT", extensions(`trafficextensions/${NAME}`)),
  tried("delete the filter", "DELETE", extensions(`trafficextensions/${NAME}`)),
  tried("list configmaps", "GET", core("configmaps")),
  tried("patch another configmap", "PATCH", core("configmaps/istio-ca-root-cert")),
  tried("create a configmap", "POST", core("configmaps")),
  tried("delete the history", "DELETE", core(`configmaps/${HISTORY}`)),
  tried("list secrets", "GET", core("secrets")),
  tried("delete a pod", "DELETE", core("pods/any")),
  tried("reach into a pod", "GET", core("pods/any:15000/proxy/config_dump")),
  tried("widen its Role", "PATCH", rbac(`roles/${NAME}-weights`)),
];

async function run(options: BenchOptions): Promise<BenchResult> {
  const namespaces = [NAMESPACE, OTHER_NAMESPACE];
  const mesh = await Mesh.start({ namespaces, controlPlane: false, say: options.say });
  try {
    await setUp(mesh);
    const { token, kubeconfig } = await mesh.account({
      name: ACCOUNT,
      namespace: NAMESPACE,
      role: `${NAME}-weights`,
    });
    const client = mesh.clientOf(token);
    const rows: string[][] = [];
    let allowed = 0;
    let unexpected = 0;
    for (const { verb, method, path, stated } of VERBS) {
      const { status } = await client.send(method, path, ...bodyOf(method));
      const passed = status !== 403;
      if (passed) allowed += 1;
      if (passed !== stated || (stated && status >= 300)) unexpected += 1;
      rows.push([verb, String(status), passed ? "passes" : "denied", stated ? "stated" : ""]);
    }
    client.close();
    const pushed = await pushAs(kubeconfig, options.seed);
    return {
      figures: {
        bench: "rbac",
        seed: options.seed,
        tried: VERBS.length,
        allowed,
        denied: VERBS.length - allowed,
        stated: VERBS.filter(({ stated }) => stated).length,
        unexpected,
        push_epoch: pushed,
      },
      table: rows,
    };
  } finally {
    await mesh.stop();
  }
}

/** The filter's object by somebody else, and the Role as it is printed. */
async function setUp(mesh: Mesh): Promise<void> {
  const module = await readFilterModule();
  const { reference } = await mesh.registry.push(module, "team/ganglion");
  const facts = {
    istio: { major: 1, minor: 31 },
    namespace: NAMESPACE,
    workloads: { ganglion: "on" },
    gateways: [],
    image: undefined,
  };
  const config = withModel(chatConfig(1), await readShippedModel());
  const choices = { namespace: NAMESPACE, name: NAME, kind: "TrafficExtension" } as const;
  const objects = [
    filterObject("TrafficExtension", NAME, facts, filterImage(reference), config),
    ...roleObjects({ ...choices, through: "direct" }),
  ];
  await mesh.apply(objects as unknown as Parameters<Mesh["apply"]>[0]);
}

/** Writes are dry runs of nothing; whether they may be is all that is asked. */
function bodyOf(method: Tried["method"]): [body?: unknown, type?: string] {
  if (method === "PATCH") return [{}, "application/merge-patch+json"];
  return method === "POST" || method === "PUT" ? [{}] : [];
}

/** A push with the pusher's rights; the epoch that the object has then. */
async function pushAs(kubeconfig: string, seed: number): Promise<number> {
  const cluster = await connectCluster({ kubeconfig });
  const artifact = modelVariant(await readShippedModel(), 2, seededPrng(seed));
  const place = { namespace: NAMESPACE, name: NAME };
  const ports = changePorts(cluster, { seed, waitMs: 0 });
  const changed = await changeWeights(ports, pushPlan({ artifact }), {
    place,
    forceConflicts: true,
  });
  return changed.after?.epoch ?? 0;
}

export const bench: Bench = {
  name: "rbac",
  summary: "20 verbs tried with the pusher's Role on a real API server",
  run,
};
