// The object in the cluster that carries our filter, whichever of the two kinds it is, and what of
// it a change of weights looks at.

import type { Cluster, ClusterObject, ObjectKey } from "../cluster";
import { ClusterError, objectName } from "../cluster";
import type { PluginConfig } from "../config/plugin-config";
import { EXTENSION_API, FILTER_KINDS, type FilterKind, PLUGIN_NAME } from "../istio/filter-object";
import { ExitCode, GanglionError } from "../lib/errors";

/** In the VM's environment: another value is another VM, so every worker starts afresh. */
export const VM_GENERATION = "GANGLION_VM_GEN";

export interface FilterPlace {
  readonly namespace: string;
  readonly name: string;
  /** Undefined: whichever there is. */
  readonly kind?: FilterKind | undefined;
}

export interface LiveFilter {
  readonly object: ClusterObject;
  readonly kind: FilterKind;
  readonly key: ObjectKey & { readonly namespace: string };
  readonly resourceVersion: string;
  readonly config: PluginConfig;
  /** Epoch in the object, 0 where it says none. */
  readonly epoch: number;
  /** Of the whole configuration, shadow where it says none. */
  readonly mode: "enforce" | "shadow";
  readonly image: { readonly url: string; readonly sha256: string | undefined };
  /** Value of GANGLION_VM_GEN, 0 where it says none. */
  readonly vmGeneration: number;
  readonly selector: Readonly<Record<string, string>>;
  readonly targetRefs: readonly { readonly kind: string; readonly name: string }[];
}

interface PluginSpec {
  readonly url?: unknown;
  readonly sha256?: unknown;
  readonly pluginName?: unknown;
  readonly pluginConfig?: PluginConfig;
  readonly vmConfig?: { readonly env?: readonly { name?: unknown; value?: unknown }[] };
}

/**
 * Reads the object.
 *
 * @throws GanglionError E_FILTER_OBJECT, or the cluster's
 */
export async function readLiveFilter(cluster: Cluster, place: FilterPlace): Promise<LiveFilter> {
  const { namespace, name } = place;
  const kinds = place.kind === undefined ? FILTER_KINDS : [place.kind];
  const found: ClusterObject[] = [];
  let denied: ClusterError | undefined;
  for (const kind of kinds) {
    try {
      const object = await cluster.find({ apiVersion: EXTENSION_API, kind, name, namespace });
      if (object !== undefined) found.push(object);
    } catch (error) {
      // A least-privilege Role names one kind; that the other is not to be read is no news.
      if (!(error instanceof ClusterError) || error.code !== "E_CLUSTER_DENIED") throw error;
      denied = error;
    }
  }
  const [object, second] = found;
  if (object !== undefined && second === undefined) return liveFilter(object);
  if (object === undefined && denied !== undefined) throw denied;
  throw new GanglionError(
    "E_FILTER_OBJECT",
    object === undefined
      ? `there is no ${kinds.join(" or ")} ${namespace}/${name}`
      : `there are both ${found.map((one) => `${one.kind} ${namespace}/${name}`).join(" and ")}`,
    {
      hint:
        object === undefined
          ? "Apply what `ganglion render` wrote first; name object and namespace with --name and -n."
          : "Say which one with --kind.",
      exitCode: ExitCode.badInput,
    },
  );
}

/**
 * What an object says.
 *
 * @throws GanglionError E_FILTER_OBJECT where it does not carry our filter
 */
export function liveFilter(object: ClusterObject): LiveFilter {
  const kind = object.kind as FilterKind;
  const spec = (object.spec ?? {}) as Record<string, unknown>;
  const plugin = (kind === "WasmPlugin" ? spec : spec.wasm) as PluginSpec | undefined;
  const key = {
    apiVersion: object.apiVersion,
    kind,
    name: object.metadata.name,
    namespace: object.metadata.namespace ?? "default",
  };
  const config = plugin?.pluginConfig;
  if (plugin?.pluginName !== PLUGIN_NAME || config === undefined) {
    const has = `pluginName ${JSON.stringify(plugin?.pluginName)}`;
    throw new GanglionError(
      "E_FILTER_OBJECT",
      `${objectName(key)} has ${has} and ${config === undefined ? "no" : "a"} pluginConfig: ` +
        `it is not our filter, whose pluginName is ${PLUGIN_NAME}`,
      { hint: "Name the right object with --name.", exitCode: ExitCode.badInput },
    );
  }
  const generation = plugin.vmConfig?.env?.find((one) => one.name === VM_GENERATION)?.value;
  const selector = spec.selector as { matchLabels?: Record<string, string> } | undefined;
  return {
    object,
    kind,
    key,
    resourceVersion: object.metadata.resourceVersion ?? "",
    config,
    epoch: config.epoch ?? 0,
    mode: config.mode ?? "shadow",
    image: {
      url: String(plugin.url ?? ""),
      sha256: typeof plugin.sha256 === "string" && plugin.sha256 !== "" ? plugin.sha256 : undefined,
    },
    vmGeneration: Number(generation ?? 0) || 0,
    selector: selector?.matchLabels ?? {},
    targetRefs: targetRefsOf(spec),
  };
}

function targetRefsOf(spec: Record<string, unknown>): LiveFilter["targetRefs"] {
  const one = spec.targetRef === undefined ? [] : [spec.targetRef];
  const refs = [...((spec.targetRefs as unknown[] | undefined) ?? []), ...one];
  return refs as LiveFilter["targetRefs"];
}
