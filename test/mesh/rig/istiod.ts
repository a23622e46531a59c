// Istio's control plane, talking to the mesh's API server.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { httpGet } from "../../../host-tools/src/rig";
import { stablePorts } from "./free-ports";
import { Part } from "./part";
import type { MeshParts } from "./parts";

export interface IstiodOptions {
  /** Environment of istiod, over what the rig needs itself. */
  readonly env?: Readonly<Record<string, string>>;
  /** Fields of Istio's MeshConfig, over the rig's own. */
  readonly meshConfig?: Readonly<Record<string, unknown>>;
}

export interface Istiod {
  readonly part: Part;
  /** xDS and certificate signing, over TLS. */
  readonly xdsPort: number;
  /** Metrics, /debug. */
  readonly monitoringPort: number;
  /** Webhooks. */
  readonly webhookPort: number;
}

/**
 * Envoy as its own project builds it lacks three filters of Istio's build, without which it refuses each
 * listener; Istio has a switch to leave each of them out.
 */
const UPSTREAM_ENVOY = {
  PILOT_ENABLE_ALPN_FILTER: "false",
  PILOT_ENABLE_METADATA_EXCHANGE: "false",
  PILOT_ENABLE_TELEMETRY_LABEL: "false",
};

/**
 * istiod, not started yet.
 *
 * @param kubeconfig path of the administrator's, there when it is started
 */
export async function prepareIstiod(
  parts: MeshParts,
  folder: string,
  kubeconfig: string,
  options: IstiodOptions,
): Promise<Istiod> {
  const ports = (await stablePorts(4)) as [number, number, number, number];
  const [xdsPort, monitoringPort, webhookPort, httpPort] = ports;
  mkdirSync(folder, { recursive: true });
  const meshPath = join(folder, "mesh.yaml");
  writeFileSync(meshPath, stringify(meshConfig(xdsPort, options.meshConfig ?? {})));
  const part = new Part({
    name: "istiod",
    program: parts.istiod,
    args: [
      "discovery",
      ...["--kubeconfig", kubeconfig, "--meshConfig", meshPath],
      ...["--httpAddr", `127.0.0.1:${httpPort}`, "--httpsAddr", `127.0.0.1:${webhookPort}`],
      // Nothing in plain text: proxies show the token of their service account, as in a cluster.
      ...["--grpcAddr", "", "--secureGRPCAddr", `127.0.0.1:${xdsPort}`],
      ...["--monitoringAddr", `127.0.0.1:${monitoringPort}`, "--ctrlz_port", "0"],
    ],
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      KUBECONFIG: kubeconfig,
      POD_NAME: "istiod",
      POD_NAMESPACE: "istio-system",
      PILOT_CERT_PROVIDER: "istiod",
      VALIDATION_WEBHOOK_CONFIG_NAME: "",
      INJECTION_WEBHOOK_CONFIG_NAME: "",
      ...UPSTREAM_ENVOY,
      ...options.env,
    },
    folder,
    logPath: join(folder, "istiod.log"),
    readyTimeoutMs: 60_000,
    isReady: async () => (await httpGet(httpPort, "/ready")).status === 200,
  });
  return { part, xdsPort, monitoringPort, webhookPort };
}

function meshConfig(xdsPort: number, more: Readonly<Record<string, unknown>>): unknown {
  return {
    enablePrometheusMerge: false,
    defaultProviders: {},
    ...more,
    defaultConfig: {
      discoveryAddress: `127.0.0.1:${xdsPort}`,
      ...(more.defaultConfig as object | undefined),
    },
  };
}
