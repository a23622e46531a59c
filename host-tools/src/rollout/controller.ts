// Runs one rollout against a cluster: look, judge, write, wait. The tool may die between any two of
// these lines. What is in the cluster then is a whole state with its weights, and whoever runs it next
// goes on from there; traffic does not depend on the tool being alive.

import { ClusterError, objectName } from "../cluster";
import { ExitCode, GanglionError } from "../lib/errors";
import { CountLedger } from "./count-ledger";
import type { CountSource, Reading } from "./count-source";
import { type Check, figures } from "./judge";
import { killText } from "./guard-kill";
import { objectOwner, refuseReverting } from "./object-owner";
import { progressOf, takenOver, withProgress } from "./progress";
import type { RolloutClock, RolloutLease } from "./rollout-lease";
import type { RolloutPlan } from "./rollout-plan";
import { firstState, isOver, type RolloutState } from "./rollout-state";
import type { RolloutStore, RolloutView } from "./rollout-store";
import { conclude, obey, weigh } from "./state-machine";
import type { HookAnswers, RolloutHooks } from "./webhooks";

export interface ControllerParts {
  readonly plan: RolloutPlan;
  readonly store: RolloutStore;
  readonly lease: RolloutLease;
  readonly source: CountSource;
  readonly clock: RolloutClock;
  /** One line for people about what happened. */
  readonly say: (line: string) => void;
  /** Aborted: leaves the rollout as it is, and the lease to the next. */
  readonly signal?: AbortSignal | undefined;
  /** Begins although a GitOps controller owns the object. */
  readonly isPastOwner?: boolean;
  /** Servers that are asked and told. */
  readonly hooks?: RolloutHooks | undefined;
}

/** Between two checks the guard is looked at, and the lease kept, this often. */
const LOOK_MS = 5_000;
/** Reads and writes again after a conflict, so often. */
const WRITE_TRIES = 5;

/**
 * Sees a rollout through until it is over.
 *
 * @param id of a new one
 * @param mode `start` begins one, and refuses where one is under way; `run` goes on with the one that
 *   is there, tells the end of one that is over (a bad canary is not tried again by a job that was
 *   restarted), and begins where there is none of these arms
 * @returns the last state; one that is not over where the signal was aborted
 */
export async function runRollout(
  parts: ControllerParts,
  id: string,
  mode: "start" | "run",
): Promise<RolloutState> {
  await parts.lease.acquire(parts.say);
  let controller: Controller | undefined;
  try {
    controller = new Controller(parts, await begin(parts, id, mode));
    return await controller.run();
  } finally {
    controller?.forgetAsked();
    await parts.lease.release(controller?.settled).catch(() => undefined);
  }
}

interface Begun {
  readonly view: RolloutView;
  readonly state: RolloutState;
}

async function begin(
  { plan, store, lease, source, clock, say, isPastOwner }: ControllerParts,
  id: string,
  mode: "start" | "run",
): Promise<Begun> {
  const view = await store.read();
  const known = view.state;
  if (known !== undefined && !isOver(known)) {
    if (mode === "start") throw underWay(known);
    if (!isSameArms(plan, known)) throw otherArms(plan, known);
    const state = takenOver(withProgress(known, lease.checkpoint()), clock.nowMs());
    say(`going on with rollout ${known.id} at weight ${known.weight}: ${figures(state.counts)}`);
    return { view, state };
  }
  if (known !== undefined && isSameArms(plan, known)) {
    if (mode === "run") return { view, state: known };
    if (known.phase === "completed" && store.weightIn(view) === 100) throw completed(known);
  }
  const owner = objectOwner(view.object);
  if (owner !== undefined) {
    if (isPastOwner !== true) refuseReverting(objectName(store.key), plan.service, owner);
    say(`${objectName(store.key)} ${owner.says}`);
  }
  const { killed } = await source.read();
  if (killed.length > 0 && plan.heedsGuard) throw stillKilled(plan, killed.map(killText));
  const state = firstState(plan, id, clock.nowMs());
  say(`rollout ${id}: ${state.reason}`);
  return { view: await store.write(view, state), state };
}

/** A check whose webhooks have been asked. */
interface Asked {
  readonly check: Check;
  readonly done: Promise<void>;
  readonly stop: AbortController;
  answers: HookAnswers | undefined;
}

class Controller {
  private asked: Asked | undefined;
  private readonly ledger = new CountLedger();
  private view: RolloutView;
  /** Revision in the cluster; behind the state's while a write has still to be made. */
  private written: number;
  state: RolloutState;

  constructor(
    private readonly parts: ControllerParts,
    begun: Begun,
  ) {
    this.view = begun.view;
    this.state = begun.state;
    this.written = begun.state.revision;
  }

  /** The state where it is written, so that nobody goes on from what no object says. */
  get settled(): RolloutState | undefined {
    return this.written === this.state.revision ? this.state : undefined;
  }

  private get isDone(): boolean {
    return isOver(this.state) && this.written === this.state.revision;
  }

  async run(): Promise<RolloutState> {
    const { plan, clock, signal } = this.parts;
    let dueMs = clock.nowMs();
    const wasOver = this.isDone;
    while (!this.isDone && signal?.aborted !== true) {
      const isDue = clock.nowMs() >= dueMs;
      if (isDue) dueMs = clock.nowMs() + plan.intervalMs;
      await this.look(isDue);
      if (this.isDone) break;
      const slept = clock.sleep(Math.max(1, Math.min(LOOK_MS, dueMs - clock.nowMs())));
      await (this.asked === undefined ? slept : Promise.race([slept, this.asked.done]));
    }
    if (this.isDone && !wasOver) await this.parts.hooks?.end(this.state);
    return this.state;
  }

  /** A question that hangs must not keep the process when the rollout is over. */
  forgetAsked(): void {
    this.asked?.stop.abort();
  }

  /** One look: at the guard always, at everything when a check is due. */
  private async look(isDue: boolean): Promise<void> {
    const { clock, lease, say } = this.parts;
    const check = this.checkOf(await this.reading(), isDue);
    // Judged before the cluster is asked for anything: what was counted must not be lost with a
    // write that fails.
    this.hear();
    if (isDue || check.killed.length > 0) this.judge({ ...check, atMs: clock.nowMs() });
    try {
      this.view = await this.parts.store.read();
      await this.takeOrders();
      await this.settle();
      await lease.renew(this.state);
    } catch (error) {
      if (!isPassing(error)) throw error;
      say(`the API server: ${(error as Error).message}`);
    }
  }

  /**
   * Where webhooks have a say the check is counted now and concluded when they have answered; what takes
   * traffic back waits for nobody.
   */
  private judge(check: Check): void {
    const { plan, hooks } = this.parts;
    const weighed = weigh(plan, this.state, check);
    const next = conclude(plan, weighed, check);
    if (hooks === undefined || (isOver(next) && next.phase !== "completed")) return this.take(next);
    if (this.asked !== undefined) {
      // Nobody will ask about this check, and a failed one counts.
      return this.take(next.failedChecks > weighed.failedChecks ? next : weighed);
    }
    this.state = weighed;
    const stop = new AbortController();
    const asked: Asked = { check, answers: undefined, done: Promise.resolve(), stop };
    const done = hooks.ask(this.state, check.atMs, stop.signal).then((answers) => {
      asked.answers = answers;
    });
    this.asked = Object.assign(asked, { done });
  }

  /** Concludes the check whose webhooks have answered. */
  private hear(): void {
    const answers = this.asked?.answers;
    if (this.asked === undefined || answers === undefined) return;
    const { check } = this.asked;
    this.asked = undefined;
    const state = { ...this.state, checkedMs: this.parts.clock.nowMs() };
    this.take(conclude(this.parts.plan, state, { ...check, hooks: answers }));
  }

  private take(next: RolloutState): void {
    if (next.reason !== this.state.reason) this.announce(next);
    this.state = next;
  }

  private announce(state: RolloutState): void {
    this.parts.say(lineOf(state));
    this.parts.hooks?.tell(state, lineOf(state));
  }

  private checkOf(reading: Reading | string, isDue: boolean): Omit<Check, "atMs"> {
    if (typeof reading === "string") return { block: undefined, fault: reading, killed: [] };
    const { latencyMs } = reading;
    const killed = this.parts.plan.heedsGuard ? reading.killed.map(killText) : [];
    if (!isDue) return { block: undefined, killed };
    const block = this.ledger.take(reading);
    const fault = block === undefined ? "first reading" : undefined;
    return { block, fault, latencyMs, killed };
  }

  /** What others wrote since: an order, or weights that are not ours. */
  private async takeOrders(): Promise<void> {
    const theirs = this.view.state;
    if (theirs === undefined || theirs.id !== this.state.id) {
      throw new GanglionError("E_ROLLOUT_LOST", "another rollout has taken this one's place", {
        hint: "Look at `ganglion rollout status`.",
      });
    }
    if (theirs.revision === this.written) return this.noteDrift();
    const isPending = this.state.revision > this.written;
    this.written = theirs.revision;
    if (isPending && !isOver(theirs)) {
      // Our own change comes after the order, as if it had been decided now.
      this.state = { ...this.state, revision: theirs.revision + 1 };
      return;
    }
    this.state = isOver(theirs) ? theirs : { ...theirs, ...progressOf(this.state) };
    this.announce(this.state);
  }

  private async noteDrift(): Promise<void> {
    const { plan, store, clock } = this.parts;
    if (this.state.revision > this.written || this.state.phase === "paused") return;
    const found = store.weightIn(this.view);
    const wanted = store.weightFor(this.state);
    if (found === wanted) return;
    const shown = found === undefined ? "several" : `${found} %`;
    const reason = `somebody else has set the weights to ${shown}, not ${wanted} %`;
    this.state = { ...obey(plan, this.state, "pause", clock.nowMs()), reason };
    this.announce(this.state);
    this.view = await store.writeStateOnly(this.view, this.state);
    this.written = this.state.revision;
  }

  /** Makes the state true: one write where traffic or phase has changed, none otherwise. */
  private async settle(): Promise<void> {
    const { store } = this.parts;
    for (let tries = 1; this.state.revision > this.written; tries++) {
      try {
        this.view = await store.write(this.view, this.state);
        this.written = this.state.revision;
      } catch (error) {
        const isConflict = error instanceof ClusterError && error.code === "E_CLUSTER_CONFLICT";
        if (!isConflict || tries === WRITE_TRIES) throw error;
        this.view = await store.read();
        await this.takeOrders();
      }
    }
  }

  private async reading(): Promise<Reading | string> {
    try {
      const reading = await this.parts.source.read();
      for (const fault of reading.faults.slice(0, 3)) this.parts.say(`not read: ${fault}`);
      return reading;
    } catch (error) {
      if (!(error instanceof GanglionError)) throw error;
      return error.message;
    }
  }
}

/** `weight 20: hold: no data`. */
function lineOf(state: RolloutState): string {
  const { phase, weight, reason } = state;
  if (phase === "progressing") return `weight ${weight}: ${reason}`;
  return `${phase.replace("_", " ")} at weight ${weight}: ${reason}`;
}

/** An API server that is away for a while: nothing is lost, the next look tries again. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof ClusterError)) return false;
  return error.status === 0 || error.status === 429 || error.status >= 500;
}

function underWay({ id, weight, phase }: RolloutState): GanglionError {
  return new GanglionError("E_ROLLOUT_UNDERWAY", `rollout ${id} is ${phase} at weight ${weight}`, {
    hint: "Go on with it by `ganglion rollout run`, or end it by `ganglion rollout abort`.",
  });
}

function isSameArms(plan: RolloutPlan, { stable, canary }: RolloutState): boolean {
  return stable === plan.stable.name && canary === plan.canary.name;
}

function otherArms(plan: RolloutPlan, { id, stable, canary, weight }: RolloutState): GanglionError {
  const theirs = `from ${stable} to ${canary}, at weight ${weight}`;
  const ours = `from ${plan.stable.name} to ${plan.canary.name}`;
  return new GanglionError(
    "E_ROLLOUT_ARMS",
    `rollout ${id} is ${theirs}; the policy's is ${ours}`,
    {
      hint: "End it first, with the policy that it was begun with: `ganglion rollout abort`.",
      exitCode: ExitCode.badInput,
    },
  );
}

/** To begin again would take nearly all traffic back from an arm that has passed. */
function completed({ id, canary }: RolloutState): GanglionError {
  return new GanglionError(
    "E_ROLLOUT_COMPLETED",
    `rollout ${id} has given all traffic to ${canary}`,
    {
      hint: `Make ${canary} the stable arm of the policy, render and apply it.`,
    },
  );
}

function stillKilled({ service }: RolloutPlan, killed: readonly string[]): GanglionError {
  return new GanglionError(
    "E_ROLLOUT_KILLED",
    `the filter has taken this canary out already, in ${killed.slice(0, 3).join(", ")}`,
    {
      hint:
        `Name the next try by \`ganglion rollout retry ${service} --to-file POLICY\`, ` +
        "render and apply it, then start again.",
    },
  );
}
