// One frame of the terminal view, as lines. A pure function of the state, so that it is tested as text;
// who draws it, and where, is live-view.ts.

import type { LiveFigures, LiveState } from "./live-state";
import { phaseAt, type Scenario } from "./scenario";

/** Colours; each returns its argument where none is wanted. */
export interface Palette {
  readonly ours: (text: string) => string;
  readonly theirs: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly dim: (text: string) => string;
}

export interface FrameHead {
  /** E.g. `Envoy 1.40.0, 2 workers`. */
  readonly engine: string;
  /** E.g. `default v1`. */
  readonly model: string;
  readonly seed: number;
}

/** The head as a line. */
export function headText({ engine, model, seed }: FrameHead): string {
  return `${engine}, model ${model}, seed ${seed}`;
}

export const FRAME_COLUMNS = 78;
const LABEL = 14;
const SIDE = (FRAME_COLUMNS - LABEL - 2) / 2;
const BAR = 18;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const LEVELS = "▁▂▃▄▅▆▇█";
/** Top of the small curves; latencies are told apart in the logarithm. */
const CURVE_LOW_MS = 100;
const CURVE_HIGH_MS = 5000;

/** Lines of at most FRAME_COLUMNS visible characters. */
export function liveFrame(state: LiveState, head: FrameHead, paint: Palette): string[] {
  const { scenario } = state;
  const ours = state.figures("with");
  const theirs = state.figures("without");
  const phase = phaseAt(scenario, state.elapsedMs);
  const seconds = Math.min(state.elapsedMs, scenario.durationMs) / 1000;
  const clock = `${Math.floor(seconds)} s of ${scenario.durationMs / 1000}`;
  const isSlow = phase === scenario.phases[1];
  const row = (label: string, left: string, right: string): string => {
    return `  ${label.padEnd(LABEL)}${padVisible(left, SIDE)}${right}`;
  };
  return [
    `  ${paint.strong("ganglion demo")}  ${paint.dim(headText(head))}`,
    "",
    `  ${phaseBar(state, paint)}`,
    `  ${paint.strong(phase.name)}: ${phase.story} ${paint.dim(`(${clock})`)}`,
    "",
    row("", paint.ours(paint.strong("with Ganglion")), paint.theirs(paint.strong("without"))),
    row("requests/s", whole(ours.requestsHz), whole(theirs.requestsHz)),
    row("p50", milliseconds(ours.p50Ms), milliseconds(theirs.p50Ms)),
    row("p99", worse(ours, theirs, paint), worse(theirs, ours, paint)),
    row("p99 by second", curve(ours, scenario, paint.ours), curve(theirs, scenario, paint.theirs)),
    ...scenario.arms.map(({ name }, i) => {
      const label = isSlow && name === scenario.slowArm ? `${name} (slow)` : name;
      return row(label, bar(ours.armShare[i]!, paint.ours), bar(theirs.armShare[i]!, paint.theirs));
    }),
    row("score", ours.scorePermille < 0 ? "-" : `${whole(ours.scorePermille)} permille`, "-"),
    row("limited/s", whole(ours.limitedHz), whole(theirs.limitedHz)),
    row("errors", errors(ours, paint), errors(theirs, paint)),
    "",
  ];
}

/** The phases as one bar, as far as they have come. */
function phaseBar(state: LiveState, paint: Palette): string {
  const { phases, durationMs } = state.scenario;
  const columns = FRAME_COLUMNS - 4;
  return phases
    .map((phase, i) => {
      const from = Math.round((phase.fromMs / durationMs) * columns);
      const until = Math.round((phase.untilMs / durationMs) * columns);
      const width = until - from - (i < phases.length - 1 ? 1 : 0);
      const done = (state.elapsedMs - phase.fromMs) / (phase.untilMs - phase.fromMs);
      const full = Math.max(0, Math.min(width, Math.round(done * width)));
      const mark = done >= 0 && done < 1 ? paint.strong : paint.dim;
      return mark("━".repeat(full)) + paint.dim("╌".repeat(width - full));
    })
    .join(" ");
}

function bar(share: number, paint: (text: string) => string): string {
  const eighths = Math.round(share * BAR * 8);
  const text = "█".repeat(eighths >> 3) + EIGHTHS[eighths & 7]!;
  return `${paint(text)}${" ".repeat(BAR - text.length)} ${(share * 100).toFixed(1).padStart(5)} %`;
}

function curve(figures: LiveFigures, scenario: Scenario, paint: (text: string) => string): string {
  const width = SIDE - 3;
  const seconds = Math.ceil(scenario.durationMs / 1000);
  const each = Math.max(1, Math.ceil(seconds / width));
  const values: number[] = [];
  for (let i = 0; i < figures.p99HistoryMs.length; i += each) {
    values.push(Math.max(...figures.p99HistoryMs.slice(i, i + each)));
  }
  return paint(values.map(level).join(""));
}

function level(ms: number): string {
  if (ms <= 0) return " ";
  const height = Math.log(ms / CURVE_LOW_MS) / Math.log(CURVE_HIGH_MS / CURVE_LOW_MS);
  return LEVELS[Math.max(0, Math.min(7, Math.floor(height * 8)))]!;
}

function worse(one: LiveFigures, other: LiveFigures, paint: Palette): string {
  const text = milliseconds(one.p99Ms);
  return one.p99Ms > other.p99Ms * 2 && one.p99Ms > 100 ? paint.bad(text) : text;
}

function errors(figures: LiveFigures, paint: Palette): string {
  return figures.errors > 0 ? paint.bad(whole(figures.errors)) : "0";
}

function milliseconds(ms: number): string {
  return ms === 0 ? "-" : `${whole(ms)} ms`;
}

/** Thousands apart. */
export function whole(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Pads by what is seen: escape sequences take no room. */
function padVisible(text: string, width: number): string {
  const seen = text.replace(/\x1b\[[0-9;]*m/g, "").length;
  return text + " ".repeat(Math.max(0, width - seen));
}
