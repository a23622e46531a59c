// `ganglion diff`: what separates a policy from a folder of manifests or from a cluster. Shows what an
// apply would change, what is missing, and what is left of an older policy.

import { connectCluster, type ConnectionChoices } from "../cluster";
import type { Policy } from "../config/policy";
import { clusterDifferences } from "../diff/cluster-differences";
import type { Difference } from "../diff/difference";
import { folderDifferences, type RenderedPolicy } from "../diff/folder-differences";
import { companionFiles, manifests } from "../manifests/manifests";
import { chosenPolicy, manifestChoices, type PolicyChoices } from "../manifests/render-choices";
import { ExitCode, GanglionError } from "../lib/errors";
import { writeOutput } from "../lib/output";
import { counted, say, stdoutPaint } from "../lib/talk";

export interface DiffOptions extends PolicyChoices, Omit<ConnectionChoices, "namespace"> {
  /** Compare with the cluster instead of a folder. */
  readonly cluster?: boolean;
  readonly output: "text" | "json";
}

/**
 * @param path a folder or a file of manifests
 * @returns 79 where anything differs
 */
export async function runDiff(path: string | undefined, options: DiffOptions): Promise<ExitCode> {
  if ((path === undefined) !== (options.cluster === true)) {
    throw new GanglionError("E_DIFF_PLACE", "name a folder, or --cluster, and not both", {
      hint: "ganglion diff -f ganglion.yaml manifests",
      exitCode: ExitCode.usage,
    });
  }
  const { policy, config } = await chosenPolicy(options);
  const objects = manifests(policy, config, manifestChoices(policy, options));
  const rendered = {
    objects,
    companions: companionFiles(objects, policy),
    isPushed: options.model === undefined && options.epoch === undefined,
  };
  const differences =
    path === undefined
      ? await differencesInCluster(rendered, policy, options)
      : await folderDifferences(rendered, path);
  await report(differences, objects.length, options);
  return differences.length === 0 ? ExitCode.ok : ExitCode.findings;
}

async function differencesInCluster(
  { objects, isPushed }: RenderedPolicy,
  policy: Policy,
  options: DiffOptions,
): Promise<Difference[]> {
  const { kubeconfig, context } = options;
  const cluster = await connectCluster({
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
  });
  return clusterDifferences({ cluster, objects, namespace: policy.mesh.namespace, isPushed });
}

async function report(
  differences: readonly Difference[],
  objects: number,
  { output }: DiffOptions,
): Promise<void> {
  if (output === "json") {
    await writeOutput(`${JSON.stringify({ objects, differences }, null, 2)}\n`, undefined);
  } else {
    await writeOutput(differences.map(({ diff }) => painted(diff)).join(""), undefined);
  }
  for (const { state, object, place } of differences) say(`${state}: ${object} (${place})`);
  say(`${counted(objects, "object")} of the policy, ${counted(differences.length, "difference")}`);
}

function painted(diff: string): string {
  const paint = stdoutPaint();
  return diff
    .split("\n")
    .map((line) => {
      if (line.startsWith("---") || line.startsWith("+++")) return paint.strong(line);
      if (line.startsWith("@@")) return paint.dim(line);
      if (line.startsWith("-")) return paint.bad(line);
      return line.startsWith("+") ? paint.good(line) : line;
    })
    .join("\n");
}
