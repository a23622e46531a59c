// etcd and a kube-apiserver over it, with RBAC on. There is no kubelet, no scheduler and no controller
// manager: pods are objects that the rig makes, service accounts too, and nothing is collected.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { httpGet } from "../../../host-tools/src/rig";
import { stablePorts } from "./free-ports";
import { KubeClient, type KubeAccess } from "./kube-client";
import { Part } from "./part";
import type { MeshParts } from "./parts";
import { PodNetwork } from "./pod-network";

const READY_TIMEOUT_MS = 60_000;

export interface Kubernetes {
  readonly etcd: Part;
  readonly apiServer: Part;
  readonly port: number;
  /** The cluster's administrator; usable once the API server has been started. */
  readonly admin: KubeAccess;
  /** How the API server reaches pods. */
  readonly podNetwork: PodNetwork;
}

/** Both, not started yet. */
export async function prepareKubernetes(parts: MeshParts, folder: string): Promise<Kubernetes> {
  const [clientPort, peerPort, port] = (await stablePorts(3)) as [number, number, number];
  mkdirSync(folder, { recursive: true });
  const token = randomBytes(16).toString("hex");
  const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const keyText = key.export({ type: "pkcs8", format: "pem" });
  writeFileSync(join(folder, "service-accounts.key"), keyText, { mode: 0o600 });
  const users = `${token},admin,admin,system:masters\n`;
  writeFileSync(join(folder, "tokens.csv"), users, { mode: 0o600 });
  const caPath = join(folder, "certificates", "apiserver.crt");
  const admin: KubeAccess = {
    port,
    token,
    get ca() {
      return readFileSync(caPath, "utf8"); // the server writes it when it starts for the first time
    },
  };
  const etcd = etcdPart(parts, folder, clientPort, peerPort);
  const podNetwork = await PodNetwork.start(folder);
  const apiServer = apiServerPart(parts, folder, clientPort, admin, podNetwork.configPath);
  return { etcd, apiServer, port, admin, podNetwork };
}

function apiServerPart(
  parts: MeshParts,
  folder: string,
  etcdPort: number,
  admin: KubeAccess,
  egressConfig: string,
): Part {
  return new Part({
    name: "kube-apiserver",
    program: parts.apiServer,
    args: apiServerArgs(folder, etcdPort, admin.port, egressConfig),
    logPath: join(folder, "kube-apiserver.log"),
    readyTimeoutMs: READY_TIMEOUT_MS,
    graceMs: 10_000,
    isReady: async () => {
      const client = new KubeClient(admin);
      try {
        return (await client.send("GET", "/readyz")).status === 200;
      } finally {
        client.close();
      }
    },
  });
}

function etcdPart(parts: MeshParts, folder: string, clientPort: number, peerPort: number): Part {
  const clientUrl = `http://127.0.0.1:${clientPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  return new Part({
    name: "etcd",
    program: parts.etcd,
    args: [
      ...["--data-dir", join(folder, "etcd"), "--name", "mesh"],
      ...["--listen-client-urls", clientUrl, "--advertise-client-urls", clientUrl],
      ...["--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl],
      ...["--initial-cluster", `mesh=${peerUrl}`, "--log-level", "warn"],
    ],
    logPath: join(folder, "etcd.log"),
    readyTimeoutMs: READY_TIMEOUT_MS,
    isReady: async () => (await httpGet(clientPort, "/health")).body.includes('"true"'),
  });
}

/** The server makes its own certificate for 127.0.0.1 and keeps it in `--cert-dir` over restarts. */
function apiServerArgs(
  folder: string,
  etcdPort: number,
  port: number,
  egressConfig: string,
): string[] {
  const key = join(folder, "service-accounts.key");
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    `--cert-dir=${join(folder, "certificates")}`,
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${port}`,
    "--authorization-mode=RBAC",
    // No controller makes the accounts and quotas that these would ask for.
    "--disable-admission-plugins=ServiceAccount",
    "--endpoint-reconciler-type=none",
    `--egress-selector-config-file=${egressConfig}`,
    "--profiling=false",
  ];
}
