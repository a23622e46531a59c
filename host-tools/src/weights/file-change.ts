// A change of weights in the file that a GitOps controller applies. What is changed is the file's
// state, which may be ahead of the cluster's; the epoch is taken from both, because one that the
// proxies have passed already would change nothing. The history is the cluster's all the same: Git
// has the old weights too, but not under an epoch that proxies would take.

import type { ClusterObject } from "../cluster";
import { ClusterError } from "../cluster";
import { canonicalJson } from "../config/plugin-config";
import { checkWithFilter } from "../istio/filter-check";
import { filterInFile, patchWeights, type Patched } from "../istio/weights-patch";
import { ExitCode, GanglionError } from "../lib/errors";
import { readTextInput } from "../lib/input";
import { writeOutput } from "../lib/output";
import { nextEpoch, type Plan } from "./change-weights";
import type { Generation } from "./generation";
import { type History, historyPatch, readHistory, writeHistory } from "./history";
import { liveFilter, type LiveFilter, readLiveFilter } from "./live-filter";
import type { Session } from "./session";

export interface FileChangeOptions {
  readonly epoch?: number | undefined;
  /** Writes neither the file nor the history. */
  readonly dryRun: boolean;
}

export interface FileChange {
  readonly patched: Patched;
  readonly generation: Generation;
  /** Why the history has no record of it; undefined where it has one. */
  readonly unrecorded: string | undefined;
}

/** @throws GanglionError; the file is then as it was */
export async function changeFile(
  session: Session,
  plan: Plan,
  file: string,
  options: FileChangeOptions,
): Promise<FileChange> {
  const { cluster, ports, place } = session;
  const live = await readLiveFilter(cluster, place);
  const history = await readHistory(cluster, live.key.namespace, live.key.name);
  const target = { text: await readTextInput(file), file, name: place.name };
  const inFile = liveFilter(filterInFile(target) as ClusterObject);
  const { kind, of, generation: planned } = plan(inFile, history);
  const epoch = nextEpoch(live, history, options, inFile.epoch);
  const generation = { ...planned, epoch };
  const { artifact, modelMode } = generation;
  if (generation.vmGeneration !== inFile.vmGeneration) throw noNewVms(file);
  if (artifact === undefined) throw noModel(file, of);
  const patched = patchWeights({ ...target, artifact, modelMode, epoch });
  const module = (await ports.fetchModule(live)) ?? (await ports.ownModule());
  checkWithFilter(module, canonicalJson(patched.after));
  if (options.dryRun) return { patched, generation, unrecorded: undefined };
  const at = new Date(ports.clock.nowMs()).toISOString();
  const unrecorded = await recorded(session, history, live, { generation, change: kind, of, at });
  await writeOutput(patched.text, file);
  return { patched, generation, unrecorded };
}

/** Whoever may not write the history may change the file: a rollback then needs the artifact. */
async function recorded(
  { cluster }: Session,
  history: History,
  live: LiveFilter,
  record: Parameters<typeof historyPatch>[2],
): Promise<string | undefined> {
  try {
    await writeHistory(cluster, historyPatch(history, live, record));
    return undefined;
  } catch (error) {
    const isDenied = error instanceof ClusterError && error.code === "E_CLUSTER_DENIED";
    const isAbsent = error instanceof GanglionError && error.code === "E_HISTORY_ABSENT";
    if (isDenied || isAbsent) return error.message;
    throw error;
  }
}

function noNewVms(file: string): GanglionError {
  return new GanglionError("E_WEIGHTS_FILE", "--re-arm writes to the cluster, not to a file", {
    hint: `Raise GANGLION_VM_GEN under vmConfig.env in ${file}, and push with --to-file alone.`,
    exitCode: ExitCode.usage,
  });
}

function noModel(file: string, of: number | undefined): GanglionError {
  return new GanglionError(
    "E_HISTORY_EPOCH",
    `epoch ${of ?? "of the file"} has no model, and the file would have to lose its own`,
    {
      hint: `Take the member \`model\` out of ${file}, raise its epoch, and commit that.`,
      exitCode: ExitCode.badInput,
    },
  );
}
