// One change of weights in a cluster, from reading the object to the one write that matters. The
// order is what makes it safe:
//
//   read the object, its owner, the history
//   fetch the image, let that very module read the new configuration, measure sizes
//   write the history (one ConfigMap, one write)
//   apply (one object, one server-side apply, on the resourceVersion that was read)
//
// Whoever is killed between two of these leaves the old weights or the new ones. A second pusher is
// seen by the resourceVersion: then everything is read and judged anew, with a higher epoch.

import type { Cluster, ClusterObject } from "../cluster";
import { ClusterError, gitOpsOwner, objectName } from "../cluster";
import { canonicalJson, type PluginConfig } from "../config/plugin-config";
import { checkWithFilter } from "../istio/filter-check";
import { ExitCode, GanglionError } from "../lib/errors";
import type { Prng } from "../lib/prng";
import type { RetryClock } from "../oci/retry";
import { applyBody, configWith, type Generation } from "./generation";
import {
  type ChangeKind,
  highestEpoch,
  type History,
  historyPatch,
  readHistory,
  writeHistory,
} from "./history";
import { type FilterPlace, liveFilter, type LiveFilter, readLiveFilter } from "./live-filter";
import { WEIGHTS_MANAGER } from "./ownership";
import { checkSize } from "./object-size";

/** What is changed: from what is there and what was to what shall be. The epoch is filled in. */
export interface Wanted {
  readonly kind: ChangeKind;
  readonly of?: number | undefined;
  readonly generation: Omit<Generation, "epoch">;
}
export type Plan = (live: LiveFilter, history: History) => Wanted;

export interface ChangePorts {
  readonly cluster: Cluster;
  /** The module that the proxies will run; undefined where only a proxy can fetch it. */
  readonly fetchModule: (live: LiveFilter) => Promise<Uint8Array | undefined>;
  /** Our own release module, for an object whose image only a proxy can fetch. */
  readonly ownModule: () => Promise<Uint8Array>;
  readonly clock: RetryClock;
  readonly prng: Prng;
  readonly say: (line: string) => void;
  /** Told before each step; what it throws or awaits holds the change there. */
  readonly onStep?: (step: ChangeStep) => Promise<void> | void;
}

/** The steps of a change, in their order. */
export const CHANGE_STEPS = [
  "read-object",
  "check-owner",
  "read-history",
  "plan",
  "fetch-image",
  "check-with-filter",
  "check-size",
  "dry-run",
  "write-history",
  "apply",
  "applied",
] as const;
export type ChangeStep = (typeof CHANGE_STEPS)[number];

export interface ChangeOptions {
  readonly place: FilterPlace;
  /** Exactly this epoch; by default one above everything known. */
  readonly epoch?: number | undefined;
  /** Highest epoch that the proxies report: nothing below it would be taken. */
  readonly reportedEpoch?: number;
  /** Writes past a GitOps controller. */
  readonly take?: boolean;
  /** How the same is done in the file of a GitOps controller. Default: with --to-file. */
  readonly fileWay?: string | undefined;
  /** Takes fields of other managers over. */
  readonly forceConflicts?: boolean;
  /** `server`: everything is checked there, nothing stored. */
  readonly dryRun?: "client" | "server" | undefined;
}

export interface Changed {
  readonly before: LiveFilter;
  readonly generation: Generation;
  readonly config: PluginConfig;
  readonly change: ChangeKind;
  /** Undefined for a dry run on the client. */
  readonly after: LiveFilter | undefined;
  readonly rounds: number;
}

/** Rounds of read, judge and write before somebody else's pace is accepted. */
const ROUNDS_MAX = 12;
const ROUND_WAIT_MS = 150;

/** @throws GanglionError; the object is then as it was, or as somebody else made it */
export async function changeWeights(
  ports: ChangePorts,
  plan: Plan,
  options: ChangeOptions,
): Promise<Changed> {
  for (let round = 1; ; round++) {
    try {
      return { ...(await oneRound(ports, plan, options)), rounds: round };
    } catch (error) {
      if (!isRace(error) || round >= ROUNDS_MAX) throw error;
      ports.say(`changed by somebody else meanwhile; reading anew (round ${round + 1})`);
      await ports.clock.sleep(Math.floor(ports.prng.uniform() * ROUND_WAIT_MS * round));
    }
  }
}

async function oneRound(
  ports: ChangePorts,
  plan: Plan,
  options: ChangeOptions,
): Promise<Omit<Changed, "rounds">> {
  const step = async (name: ChangeStep): Promise<void> => ports.onStep?.(name);
  const { cluster } = ports;
  await step("read-object");
  const before = await readLiveFilter(cluster, options.place);
  await step("check-owner");
  if (options.take !== true) refuseGitOps(before.object, options.fileWay);
  await step("read-history");
  const history = await readHistory(cluster, before.key.namespace, before.key.name);
  await step("plan");
  const wanted = plan(before, history);
  const epoch = nextEpoch(before, history, options);
  const generation: Generation = { ...wanted.generation, epoch };
  const config = configWith(before, generation);
  await step("fetch-image");
  const module = (await ports.fetchModule(before)) ?? (await ports.ownModule());
  await step("check-with-filter");
  checkWithFilter(module, canonicalJson(config));
  await step("check-size");
  const sizes = checkSize(before.object, before.config, config);
  ports.say(sizes.line);
  if (sizes.warning !== undefined) ports.say(`warning: ${sizes.warning}`);
  const result = { before, generation, config, change: wanted.kind };
  if (options.dryRun === "client") return { ...result, after: undefined };
  // Tried first with nothing stored: a conflict must be known before the history is written.
  await step("dry-run");
  const force = options.forceConflicts === true;
  const body = applyBody(before, generation);
  const manager = { fieldManager: WEIGHTS_MANAGER, force };
  const tried = await cluster.apply(body, { ...manager, dryRun: true }).catch(waysOut);
  checkApplied(liveFilter(tried), generation, config);
  if (options.dryRun === "server") return { ...result, after: liveFilter(tried) };
  await step("write-history");
  const at = new Date(ports.clock.nowMs()).toISOString();
  const record = { generation, change: wanted.kind, of: wanted.of, at };
  await writeHistory(cluster, historyPatch(history, before, record));
  await step("apply");
  const after = await applied(cluster, body, manager, generation);
  await step("applied");
  return { ...result, after };
}

/** Fields of others: both ways out, with names. */
function waysOut(error: unknown): never {
  if (!(error instanceof ClusterError) || error.code !== "E_CLUSTER_OWNED") throw error;
  const { code, message, status, conflicts } = error;
  const owners = [...new Set(conflicts.map(({ owner }) => owner))].join(" and ");
  const hint =
    `Either leave these members out of what ${owners} applies (of a policy: \`epoch\`, and ` +
    "--model of its rendering) and apply that again; or take the fields over, once, with " +
    "--force-conflicts.";
  throw new ClusterError(code, message, status, { hint, cause: error }, conflicts);
}

/** An apply whose answer was lost shows as a conflict with itself. */
async function applied(
  cluster: Cluster,
  body: ClusterObject,
  manager: { fieldManager: string; force: boolean },
  generation: Generation,
): Promise<LiveFilter> {
  try {
    return liveFilter(await cluster.apply(body, manager));
  } catch (error) {
    if (!isRace(error)) throw error;
    const { apiVersion, kind, metadata } = body;
    const { name, namespace } = metadata;
    const now = liveFilter(await cluster.get({ apiVersion, kind, name, namespace }));
    if (now.epoch !== generation.epoch || !isWrittenByUs(now.object)) throw error;
    const meant = (body.spec as { wasm?: { pluginConfig: PluginConfig } }).wasm ?? body.spec;
    const { model } = (meant as { pluginConfig: PluginConfig }).pluginConfig;
    if (model?.sha256 !== now.config.model?.sha256) throw error;
    return now;
  }
}

function isWrittenByUs(object: ClusterObject): boolean {
  return (object.metadata.managedFields ?? []).some(({ manager }) => manager === WEIGHTS_MANAGER);
}

/** An apply adds and replaces, but what others hold it cannot remove. */
function checkApplied(live: LiveFilter, generation: Generation, config: PluginConfig): void {
  const same = canonicalJson(live.config) === canonicalJson(config);
  if (same && live.vmGeneration === generation.vmGeneration) return;
  const extra = config.model === undefined && live.config.model !== undefined;
  throw new GanglionError(
    "E_WEIGHTS_FOREIGN",
    `${objectName(live.key)} would not come out as meant` +
      (extra ? ": the model was applied by another manager, so it cannot be removed" : ""),
    { hint: "Remove the member where it was applied from, then run again." },
  );
}

const TO_FILE =
  "Write the change into the file that it applies, with --to-file FILE, and commit that.";

function refuseGitOps(object: ClusterObject, fileWay = TO_FILE): void {
  const owner = gitOpsOwner(object);
  if (owner === undefined) return;
  throw new GanglionError(
    "E_WEIGHTS_GITOPS",
    `${object.kind} ${object.metadata.name} belongs to ${owner}, which would undo the change`,
    {
      hint: `${fileWay} --take writes past it.`,
      exitCode: ExitCode.badInput,
    },
  );
}

/**
 * Strictly above what the object, the history and the proxies have seen.
 *
 * @param fileEpoch of the file that is written instead of the cluster
 */
export function nextEpoch(
  live: LiveFilter,
  history: History,
  options: Pick<ChangeOptions, "epoch" | "reportedEpoch">,
  fileEpoch = 0,
): number {
  const places = [
    ["the object", live.epoch],
    ["the history", highestEpoch(history)],
    ["a proxy", options.reportedEpoch ?? 0],
    ["the file", fileEpoch],
  ] as const;
  const [where, highest] = places.reduce((a, b) => (b[1] > a[1] ? b : a));
  const next = options.epoch ?? highest + 1;
  if (next > highest) return next;
  throw new GanglionError(
    "E_EPOCH",
    `--epoch ${next} is not above epoch ${highest}, which ${where} has`,
    {
      hint: `Leave --epoch out to get ${highest + 1}: proxies ignore what is not newer.`,
      exitCode: ExitCode.badInput,
    },
  );
}

function isRace(error: unknown): boolean {
  return (
    error instanceof ClusterError &&
    (error.code === "E_CLUSTER_CONFLICT" || error.code === "E_CLUSTER_EXISTS")
  );
}
