// Helm and kustomize, built like the parts of a mesh: neither is in Debian.

import { join } from "node:path";
import { buildGoPrograms, type GoModule, type Say } from "../rig/go-programs";

const PACKAGING: GoModule = {
  name: "packaging",
  programs: { helm: "helm.sh/helm/v3/cmd/helm", kustomize: "sigs.k8s.io/kustomize/kustomize/v5" },
};

export interface PackagingPrograms {
  readonly helm: string;
  readonly kustomize: string;
}

/** Both programs, built first where they are missing. @throws Error with Go's last words */
export async function packagingPrograms(say: Say): Promise<PackagingPrograms> {
  const folder = await buildGoPrograms(PACKAGING, say);
  return { helm: join(folder, "helm"), kustomize: join(folder, "kustomize") };
}
