// The programs that a mesh is made of, and where each comes from. All are the real ones, at pinned
// versions: Kubernetes' API server and etcd, Istio's control plane, agent and istioctl are built with Go,
// Envoy is the wheel that the other tests use, the registry is Debian's docker-registry.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findEnvoy } from "../../../host-tools/src/rig";
import { findDockerRegistry } from "../../support/registry";
import { buildGoPrograms, type GoModule, type Say } from "./go-programs";

const KUBERNETES: GoModule = {
  name: "kubernetes",
  programs: {
    etcd: "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
  },
};

/** Packages are compiled once for all three programs. */
const ISTIO: GoModule = {
  name: "istio",
  programs: {
    "pilot-agent": "istio.io/istio/pilot/cmd/pilot-agent",
    "pilot-discovery": "istio.io/istio/pilot/cmd/pilot-discovery",
    istioctl: "istio.io/istio/istioctl/cmd/istioctl",
  },
  files: [
    ["istio.io/istio", "manifests/charts/base/files/crd-all.gen.yaml"],
    ["istio.io/istio", "tools/packaging/common/envoy_bootstrap.json"],
    ["istio.io/istio", "samples"],
  ],
  finish: {
    describe: "pilot-agent keeps Wasm modules under its working directory",
    run: (folder) => moveModuleCache(join(folder, "pilot-agent")),
  },
};

/** Same length in bytes, so that one stands in the place of the other. */
const MODULE_CACHE = ["/var/lib/istio/data", "./var/lib/istiodata"] as const;

/** Where the programs and files of a mesh lie. */
export interface MeshParts {
  readonly etcd: string;
  readonly apiServer: string;
  readonly istiod: string;
  readonly agent: string;
  readonly istioctl: string;
  readonly envoy: string;
  readonly registry: string;
  /** Istio's custom resource definitions, YAML. */
  readonly istioCrds: string;
  /** Template of the bootstrap that the agent gives to Envoy. */
  readonly bootstrapTemplate: string;
  /** The samples folder of the istio module. */
  readonly istioSamples: string;
}

let found: Promise<MeshParts> | undefined;

/** All parts, built or installed first where they are missing. @throws Error naming what cannot be had */
export function meshParts(say: Say): Promise<MeshParts> {
  found ??= findParts(say);
  return found;
}

async function findParts(say: Say): Promise<MeshParts> {
  if (process.platform !== "linux") {
    throw new Error("a mesh gives each proxy an address in 127.0.0.0/8, which only Linux has");
  }
  const registry = await findDockerRegistry();
  if (registry.path === undefined) throw new Error(registry.missing);
  const envoy = await findEnvoy({ install: true, onProgress: say });
  const kubernetes = await buildGoPrograms(KUBERNETES, say);
  const istio = await buildGoPrograms(ISTIO, say);
  return {
    etcd: join(kubernetes, "etcd"),
    apiServer: join(kubernetes, "kube-apiserver"),
    istiod: join(istio, "pilot-discovery"),
    agent: join(istio, "pilot-agent"),
    istioctl: join(istio, "istioctl"),
    envoy: envoy.path,
    registry: registry.path,
    istioCrds: join(istio, "manifests/charts/base/files/crd-all.gen.yaml"),
    bootstrapTemplate: join(istio, "tools/packaging/common/envoy_bootstrap.json"),
    istioSamples: join(istio, "samples"),
  };
}

/**
 * The agent writes the modules that it fetches to one fixed folder of the machine. Two agents would write
 * the same file there at once, an Envoy could read it half written, and only root may make the folder. In
 * our copy of the program the folder is relative, so that each agent has its own.
 */
function moveModuleCache(program: string): void {
  const bytes = readFileSync(program);
  const [from, to] = MODULE_CACHE.map((path) => Buffer.from(path)) as [Buffer, Buffer];
  const at = bytes.indexOf(from);
  if (at < 0 || bytes.indexOf(from, at + 1) >= 0) {
    throw new Error(`pilot-agent does not hold ${MODULE_CACHE[0]} exactly once`);
  }
  to.copy(bytes, at);
  writeFileSync(program, bytes);
}
