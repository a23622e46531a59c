// Which webhooks are called when, and what their answers come to. Answers are facts for the state machine,
// like counts; nothing here decides. Events and the calls after the end wait for nobody.

import type { PolicyWebhook, WebhookType } from "../config/policy-webhooks";
import { isWaitOver } from "./judge";
import type { RolloutPlan } from "./rollout-plan";
import { isOver, type RolloutState } from "./rollout-state";
import { callWebhook, type WebhookPayload } from "./webhook-call";

/** What the webhooks said to one check; each member names who, and why. */
export interface HookAnswers {
  /** A gate that is not open: the rollout does not go on. */
  readonly closed?: string | undefined;
  /** A check that failed. */
  readonly failed?: string | undefined;
  /** Somebody wants traffic back. */
  readonly rollback?: string | undefined;
}

/** What a controller needs of webhooks. */
export interface RolloutHooks {
  /** Asks whoever has a say in this check, until nobody wants to know any more. */
  ask(state: RolloutState, atMs: number, stop: AbortSignal): Promise<HookAnswers>;
  /** Tells what has happened; does not wait. */
  tell(state: RolloutState, message: string): void;
  /** After the end: tells, and waits until everything was told. */
  end(state: RolloutState): Promise<void>;
}

/** Events under way at once; what comes on top is not told. */
const EVENTS_MAX = 16;

type Call = typeof callWebhook;

export class Webhooks implements RolloutHooks {
  private readonly told = new Set<Promise<void>>();

  constructor(
    private readonly plan: RolloutPlan,
    private readonly say: (line: string) => void,
    private readonly call: Call = callWebhook,
  ) {}

  async ask(state: RolloutState, atMs: number, stop: AbortSignal): Promise<HookAnswers> {
    const step = this.plan.steps[state.step];
    const isPreparing = step?.kind === "prepare";
    const gates = isPreparing ? ["confirm-rollout" as const] : gateAhead(this.plan, state, atMs);
    const [rollback, closed, failed] = await Promise.all([
      this.agreeing(state, stop),
      this.refusing(gates, state, stop),
      this.refusing(step?.kind === "weight" ? ["rollout"] : [], state, stop),
    ]);
    if (!isPreparing || closed !== undefined) return { rollback, closed, failed };
    return { rollback, failed: await this.refusing(["pre-rollout"], state, stop) };
  }

  tell(state: RolloutState, message: string): void {
    if (this.told.size >= EVENTS_MAX) return;
    const isBad = isOver(state) && state.phase !== "completed";
    const eventType = isBad ? "Warning" : "Normal";
    for (const hook of this.of(["event"])) {
      this.send(hook, state, { eventMessage: message, eventType, timestamp: `${Date.now()}` });
    }
  }

  async end(state: RolloutState): Promise<void> {
    for (const hook of this.of(["post-rollout"])) this.send(hook, state, {});
    await Promise.all(this.told);
  }

  /** Says who could not be told. */
  private send(
    hook: PolicyWebhook,
    state: RolloutState,
    more: Readonly<Record<string, string>>,
  ): void {
    const sent: Promise<void> = this.call(hook, this.payload(hook, state, more)).then((why) => {
      this.told.delete(sent);
      if (why !== undefined) this.say(`not told: ${hook.type} ${hook.name}: ${why}`);
    });
    this.told.add(sent);
  }

  /** The first of these that does not agree, with its reason. */
  private async refusing(
    types: readonly WebhookType[],
    state: RolloutState,
    stop: AbortSignal,
  ): Promise<string | undefined> {
    const answers = await Promise.all(
      this.of(types).map(async (hook) => {
        const why = await this.call(hook, this.payload(hook, state, {}), stop);
        return why === undefined ? undefined : `${hook.type} ${hook.name}: ${why}`;
      }),
    );
    return answers.find((answer) => answer !== undefined);
  }

  private async agreeing(state: RolloutState, stop: AbortSignal): Promise<string | undefined> {
    const hooks = this.of(["rollback"]);
    const answers = await Promise.all(
      hooks.map((hook) => this.call(hook, this.payload(hook, state, {}), stop)),
    );
    const agreed = hooks.find((_, i) => answers[i] === undefined);
    return agreed === undefined ? undefined : `rollback ${agreed.name} asks for it`;
  }

  private of(types: readonly WebhookType[]): PolicyWebhook[] {
    return this.plan.webhooks.filter(({ type }) => types.includes(type));
  }

  private payload(
    hook: PolicyWebhook,
    state: RolloutState,
    more: Readonly<Record<string, string>>,
  ): WebhookPayload {
    return {
      name: this.plan.service,
      namespace: this.plan.namespace,
      phase: phaseFor(hook.type, state),
      checksum: this.plan.checksum,
      type: hook.type,
      failedChecks: state.failedChecks,
      canaryWeight: state.weight,
      metadata: { ...hook.metadata, ...more },
    };
  }
}

/** The gate before the canary's next share; all of the traffic is the promotion. */
function gateAhead(plan: RolloutPlan, state: RolloutState, atMs: number): WebhookType[] {
  if (state.phase === "paused" || !isWaitOver(plan, state, atMs)) return [];
  const next = plan.steps[state.step + 1];
  if (next !== undefined && next.weight < 100) return ["confirm-traffic-increase"];
  return state.weight < 100 ? ["confirm-promotion"] : [];
}

/** Flagger's names of phases. */
function phaseFor(type: WebhookType, { phase }: RolloutState): string {
  if (type === "confirm-rollout") return "Waiting";
  if (type === "confirm-promotion") return "WaitingPromotion";
  switch (phase) {
    case "progressing":
      return "Progressing";
    case "paused":
      return "Waiting";
    case "completed":
      return "Succeeded";
    default:
      return "Failed";
  }
}
