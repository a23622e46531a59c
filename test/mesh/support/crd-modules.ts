// Definitions of custom resources, out of the Go modules of those who define them: every Istio that we
// render for, and the operators. Versions and sums are pinned in tools/crd-modules.json.

import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../../host-tools/src/rig";
import { projectRoot } from "../../support/project-root";

interface PinnedModule {
  readonly module: string;
  readonly version: string;
  /** Go's own hash of the module's files. */
  readonly sum: string;
  /** `1.24` for a module of Istio's API. */
  readonly istio?: string;
  readonly files?: readonly string[];
}

const ISTIO_FILE = "kubernetes/customresourcedefinitions.gen.yaml";
const DOWNLOAD_TIMEOUT_MS = 180_000;

const pinned = JSON.parse(
  readFileSync(join(projectRoot(), "test/mesh/tools/crd-modules.json"), "utf8"),
) as PinnedModule[];

/** Versions of Istio whose definitions can be had, as `mesh.istio` of a policy. */
export const ISTIO_VERSIONS = pinned.flatMap(({ istio }) => istio ?? []);

/** Definitions of one Istio, as YAML. */
export async function istioCrds(version: string): Promise<string> {
  const module = pinned.find(({ istio }) => istio === version);
  if (module === undefined) throw new Error(`no module is pinned for Istio ${version}`);
  return readFileSync(join(await moduleFolder(module), ISTIO_FILE), "utf8");
}

/** Definitions of the operators' kinds that a policy renders to, as YAML. */
export async function operatorCrds(): Promise<string[]> {
  const operators = pinned.filter(({ istio }) => istio === undefined);
  const folders = await Promise.all(operators.map(moduleFolder));
  return operators.flatMap(({ files }, i) =>
    (files ?? []).map((file) => readFileSync(join(folders[i] ?? "", file), "utf8")),
  );
}

/** Where Go keeps the module, downloaded first if need be. @throws Error if it is not the pinned one */
async function moduleFolder({ module, version, sum }: PinnedModule): Promise<string> {
  const name = `${module}@${version}`;
  const result = await runCommand("go", ["mod", "download", "-json", name], {
    cwd: tmpdir(),
    env: { ...process.env, GOWORK: "off" },
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
  });
  if (result.status !== 0) {
    const words = (result.stdout + result.stderr).trim().split("\n").slice(-5).join(" ");
    throw new Error(`${name} cannot be had: ${words}`);
  }
  const got = JSON.parse(result.stdout) as { Dir: string; Sum: string };
  if (got.Sum !== sum) throw new Error(`${name} has the sum ${got.Sum}, not ${sum}`);
  return got.Dir;
}
