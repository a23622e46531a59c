// A rollout for people and for machines: what was tried, how far it came, who decided and on which
// figures. Made from the plan and the state alone, so it can be made again from the cluster.

import { type Block, errorPercent, NO_BLOCK } from "./arm-counts";
import { type GuardKill, killText } from "./guard-kill";
import type { RolloutPlan } from "./rollout-plan";
import { isOver, type RolloutState, type StepRecord } from "./rollout-state";
import { testVerdict } from "./sequential-test";

interface ArmFigures {
  readonly requests: number;
  readonly errors: number;
  readonly error_percent: number | null;
}

interface StepFigures {
  readonly weight_percent: number;
  readonly started: string;
  readonly ended: string | null;
  /** Of its time, what no tool has watched; its answers are in no count. */
  readonly unwatched_s: number;
  readonly canary: ArmFigures;
  readonly stable: ArmFigures;
  /** Natural logarithms. */
  readonly comparison_evidence_nats: number;
  readonly limit_evidence_nats: number;
}

export interface RolloutReport {
  readonly rollout: string;
  readonly service: string;
  readonly namespace: string;
  readonly stable: string;
  readonly canary: string;
  readonly phase: string;
  readonly weight_percent: number;
  readonly mirror_percent: number;
  readonly revision: number;
  readonly decided_by: string | null;
  readonly reason: string;
  readonly started: string;
  readonly comparison_threshold_nats: number;
  readonly limit_threshold_nats: number;
  readonly error_percent_max: number;
  readonly steps: readonly StepFigures[];
  /** What the proxies' guards say now; null where nobody asked them. */
  readonly guard: GuardFigures | null;
}

interface GuardFigures {
  /** False in shadow: then a kill is only told. */
  readonly acts: boolean;
  readonly killed: readonly {
    readonly proxy: string;
    readonly route: string;
    readonly at: string | null;
    readonly answers: number | null;
    readonly errors: number | null;
  }[];
}

/** @param killed what the guards say, where they were asked */
export function rolloutReport(
  plan: RolloutPlan,
  state: RolloutState,
  killed?: readonly GuardKill[],
): RolloutReport {
  const verdict = testVerdict(state.tests, plan.tests);
  return {
    rollout: state.id,
    service: plan.service,
    namespace: plan.namespace,
    stable: plan.stable.name,
    canary: plan.canary.name,
    phase: state.phase,
    weight_percent: state.weight,
    mirror_percent: state.mirrorPercent,
    revision: state.revision,
    decided_by: state.decidedBy ?? null,
    reason: state.reason,
    started: instant(state.startedMs),
    comparison_threshold_nats: rounded(verdict.comparisonThreshold),
    limit_threshold_nats: rounded(verdict.limitThreshold),
    error_percent_max: plan.tests.limit * 100,
    steps: [...state.done.map((step) => stepFigures(step, true)), ...openStep(plan, state)],
    guard: killed === undefined ? null : guardFigures(plan, killed),
  };
}

function openStep(plan: RolloutPlan, state: RolloutState): StepFigures[] {
  if (isOver(state)) return [];
  const { comparison, limit } = testVerdict(state.tests, plan.tests);
  const { weight, counts, stepStartedMs: startedMs, checkedMs: endedMs, unwatchedMs } = state;
  const step = { weight, startedMs, endedMs, counts, unwatchedMs, comparison, limit };
  return [stepFigures(step, false)];
}

function stepFigures(step: StepRecord, isDone: boolean): StepFigures {
  return {
    weight_percent: step.weight,
    started: instant(step.startedMs),
    ended: isDone ? instant(step.endedMs) : null,
    unwatched_s: Math.round((step.unwatchedMs ?? 0) / 1000),
    canary: armFigures(step.counts, "canary"),
    stable: armFigures(step.counts, "stable"),
    comparison_evidence_nats: rounded(step.comparison),
    limit_evidence_nats: rounded(step.limit),
  };
}

function armFigures(block: Block, arm: keyof typeof NO_BLOCK): ArmFigures {
  const percent = errorPercent(block[arm]);
  return { ...block[arm], error_percent: percent === undefined ? null : rounded(percent) };
}

function guardFigures(plan: RolloutPlan, killed: readonly GuardKill[]): GuardFigures {
  return {
    acts: plan.heedsGuard,
    killed: killed.map(({ proxy, route, atMs, evidence }) => ({
      proxy,
      route,
      at: atMs === undefined ? null : instant(atMs),
      answers: evidence?.answers ?? null,
      errors: evidence?.errors ?? null,
    })),
  };
}

/** What the guards say, a sentence a proxy. */
function guardLines({ guard, canary }: RolloutReport): string[] {
  if (guard === null) return [];
  if (guard.killed.length === 0) return [`guard: no proxy has taken ${canary} out`];
  const what = guard.acts ? "taken out" : "would be taken out (guard in shadow)";
  return guard.killed.map(({ proxy, route, at, answers, errors }) => {
    const evidence = answers === null ? undefined : { answers, errors: errors ?? 0 };
    const place = killText({ proxy, route, atMs: undefined, evidence });
    return `guard: ${canary} ${what} by ${place}${at === null ? "" : ` at ${at}`}`;
  });
}

/** What of the figures is missing, where a tool has died in between. */
function gapLines({ steps }: RolloutReport): string[] {
  return steps
    .filter((step) => step.unwatched_s > 0)
    .map(
      (step) =>
        `not watched: ${step.unwatched_s} s at weight ${step.weight_percent}, whose answers are in no figure`,
    );
}

/** Markdown, as for a pull request or a chat. */
export function markdownReport(report: RolloutReport): string {
  const title = `# Rollout of ${report.canary} for ${report.service}: ${words(report.phase)}`;
  const by = report.decided_by === null ? "" : ` Decided by: ${words(report.decided_by)}.`;
  const rows = report.steps.map((step) => [
    `${step.weight_percent} %`,
    step.started,
    step.ended ?? "now",
    shown(step.canary),
    shown(step.stable),
    step.comparison_evidence_nats.toFixed(2),
    step.limit_evidence_nats.toFixed(2),
  ]);
  const head = ["weight", "from", "to", "canary", "stable", "worse than stable", "above limit"];
  return [
    title,
    "",
    `${sentence(report.reason)}${by}`,
    "",
    `- rollout \`${report.rollout}\`, revision ${report.revision}, namespace ${report.namespace}`,
    `- traffic now: ${report.weight_percent} % ${report.canary}, ${100 - report.weight_percent} % ${report.stable}`,
    `- limit: ${report.error_percent_max} % errors`,
    `- evidence that decides (natural logarithm): ${report.comparison_threshold_nats.toFixed(2)} for worse` +
      ` than stable, ${report.limit_threshold_nats.toFixed(2)} for above the limit`,
    ...[...guardLines(report), ...gapLines(report)].map((line) => `- ${line}`),
    "",
    row(head),
    row(head.map(() => "---")),
    ...rows.map(row),
    "",
  ].join("\n");
}

/** One screen of text for a terminal. */
export function textReport(report: RolloutReport): string {
  const lines = report.steps.map(
    (step) =>
      `  ${String(step.weight_percent).padStart(3)} %  canary ${shown(step.canary)}` +
      `  stable ${shown(step.stable)}` +
      `  evidence ${step.comparison_evidence_nats.toFixed(2)}/${step.limit_evidence_nats.toFixed(2)}` +
      `${step.ended === null ? "  (now)" : ""}`,
  );
  return [
    `${report.service}: ${report.stable} -> ${report.canary}, ${words(report.phase)} at ${report.weight_percent} %`,
    `  ${report.reason}`,
    ...lines,
    ...[...guardLines(report), ...gapLines(report)].map((line) => `  ${line}`),
    "",
  ].join("\n");
}

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const words = (id: string): string => id.replace(/[_-]/g, " ");
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
const instant = (ms: number): string => new Date(ms).toISOString();
const rounded = (value: number): number => Number(value.toFixed(4));

function shown({ requests, errors, error_percent: percent }: ArmFigures): string {
  return percent === null ? "no requests" : `${errors}/${requests} (${percent.toFixed(2)} %)`;
}
