// The object that brings the filter into the proxies. Istio before 1.30 knows WasmPlugin, later
// ones prefer TrafficExtension; the fields are the same, one level deeper. Both are of the group
// extensions.istio.io.

import { ExitCode, GanglionError } from "../lib/errors";
import type { PluginConfig } from "../config/plugin-config";
import type { IstioVersion, MeshFacts } from "../config/policy";
import { type KubeObject, metadata } from "./kube-object";

export const EXTENSION_API = "extensions.istio.io/v1alpha1";
/** Reaches the module as its root id; the name by which push finds our objects. */
export const PLUGIN_NAME = "ganglion";

export const FILTER_KINDS = ["WasmPlugin", "TrafficExtension"] as const;
export type FilterKind = (typeof FILTER_KINDS)[number];
export type KindChoice = "auto" | "wasmplugin" | "trafficextension";

/**
 * The kind to render.
 *
 * @throws GanglionError E_KIND for TrafficExtension on an Istio that does not know it
 */
export function filterKind(choice: KindChoice, istio: IstioVersion): FilterKind {
  if (choice === "wasmplugin") return "WasmPlugin";
  const knowsExtension = istio.major > 1 || istio.minor >= 30;
  if (choice === "auto") return knowsExtension ? "TrafficExtension" : "WasmPlugin";
  if (knowsExtension) return "TrafficExtension";
  throw new GanglionError(
    "E_KIND",
    `Istio ${istio.major}.${istio.minor} has no TrafficExtension; it came with 1.30`,
    { hint: "Use --kind wasmplugin or auto.", exitCode: ExitCode.usage },
  );
}

export interface FilterImage {
  /** `oci://HOST/NAME:TAG` or `oci://HOST/NAME@sha256:DIGEST`. */
  readonly url: string;
  /** 64 hexadecimal digits of the manifest's digest, undefined where only a tag is known. */
  readonly sha256: string | undefined;
}

/**
 * An image reference as an Istio url.
 *
 * @param reference with or without `oci://`
 * @throws GanglionError E_IMAGE_REFERENCE
 */
export function filterImage(reference: string): FilterImage {
  const bare = reference.replace(/^oci:\/\//, "");
  if (
    !/^[A-Za-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+(:[\w.-]{1,128})?(@sha256:[0-9a-f]{64})?$/.test(bare)
  ) {
    throw new GanglionError("E_IMAGE_REFERENCE", `${reference} is no image reference`, {
      hint: "Write oci://HOST/NAME@sha256:DIGEST; `ganglion pack --push` prints it.",
      exitCode: ExitCode.usage,
    });
  }
  return { url: `oci://${bare}`, sha256: /@sha256:([0-9a-f]{64})$/.exec(bare)?.[1] };
}

/**
 * The object with the filter's image and configuration.
 *
 * Outbound traffic and gateways only (mode CLIENT): a proxy's inbound side has one cluster, so
 * there is no arm to choose. Phase STATS: after authentication and authorization, whose refusals
 * are not latency.
 */
export function filterObject(
  kind: FilterKind,
  name: string,
  mesh: MeshFacts,
  image: FilterImage,
  config: PluginConfig,
): KubeObject {
  const wasm = {
    url: image.url,
    ...(image.sha256 === undefined ? {} : { sha256: image.sha256 }),
    imagePullPolicy: "IfNotPresent",
    pluginName: PLUGIN_NAME,
    failStrategy: "FAIL_OPEN",
    pluginConfig: config,
  };
  const hasSelector = Object.keys(mesh.workloads).length > 0;
  const spec = {
    ...(hasSelector ? { selector: { matchLabels: mesh.workloads } } : {}),
    phase: "STATS",
    match: [{ mode: "CLIENT" }],
    ...(kind === "WasmPlugin" ? wasm : { wasm }),
  };
  return { apiVersion: EXTENSION_API, kind, metadata: metadata(name, mesh.namespace), spec };
}
