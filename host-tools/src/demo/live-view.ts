// Shows a run as it goes: on a terminal a frame that is redrawn in place, elsewhere a line a second.
// Drawn with cursor movements and one write a frame, not with a library or the alternate screen: the last
// frame then stays in the scrollback, and nothing flickers.

import picocolors from "picocolors";
import { wantsColour } from "../lib/talk";
import {
  FRAME_COLUMNS,
  headText,
  liveFrame,
  whole,
  type FrameHead,
  type Palette,
} from "./live-frame";
import type { LiveState } from "./live-state";
import { phaseAt } from "./scenario";

export interface LiveView {
  /** The state has changed. */
  update(): void;
  /** Leaves the terminal as it was found. Idempotent. */
  close(): void;
}

/** What the views need of a stream; process.stderr is one. */
export interface ViewStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

const REDRAW_MS = 250;
const HIDE = "\x1b[?25l";
const SHOW = "\x1b[?25h";
/** Synchronised update: terminals that know it show the frame at once, others ignore it. */
const BEGIN = "\x1b[?2026h";
const END = "\x1b[?2026l";

/** A frame on a terminal that is large enough and wants colour, plain lines elsewhere. */
export function openView(stream: ViewStream, state: LiveState, head: FrameHead): LiveView {
  const lines = liveFrame(state, head, paletteOf(false)).length;
  const fits = (stream.columns ?? 0) > FRAME_COLUMNS && (stream.rows ?? 0) > lines;
  if (wantsColour(stream) && fits) return new FrameView(stream, state, head);
  return new PlainView(stream, state, head);
}

/** The view's colours. */
export function paletteOf(isColoured: boolean): Palette {
  const colours = picocolors.createColors(isColoured);
  return {
    ours: colours.cyan,
    theirs: colours.yellow,
    bad: colours.red,
    strong: colours.bold,
    dim: colours.dim,
  };
}

class FrameView implements LiveView {
  private readonly palette = paletteOf(true);
  private readonly timer: NodeJS.Timeout;
  private drawnLines = 0;
  private isClosed = false;

  constructor(
    private readonly stream: ViewStream,
    private readonly state: LiveState,
    private readonly head: FrameHead,
  ) {
    stream.write(HIDE);
    this.draw();
    this.timer = setInterval(() => this.draw(), REDRAW_MS);
  }

  update(): void {
    // The timer draws: two sides report at their own pace, and a steady beat is calmer to look at.
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearInterval(this.timer);
    this.draw();
    this.stream.write(SHOW);
  }

  private draw(): void {
    const frame = liveFrame(this.state, this.head, this.palette);
    const up = this.drawnLines > 0 ? `\x1b[${this.drawnLines}A` : "";
    const text = frame.map((line) => `${line}\x1b[K\n`).join("");
    this.stream.write(`${BEGIN}${up}${text}${END}`);
    this.drawnLines = frame.length;
  }
}

class PlainView implements LiveView {
  private saidSecond = 0;
  private saidPhase = "";

  constructor(
    private readonly stream: ViewStream,
    private readonly state: LiveState,
    head: FrameHead,
  ) {
    stream.write(`${headText(head)}\n`);
  }

  update(): void {
    const { state } = this;
    const second = Math.floor(state.elapsedMs / 1000);
    if (second <= this.saidSecond || state.elapsedMs > state.scenario.durationMs + 1000) return;
    this.saidSecond = second;
    const phase = phaseAt(state.scenario, state.elapsedMs - 1);
    if (phase.name !== this.saidPhase) this.stream.write(`${phase.name}: ${phase.story}\n`);
    this.saidPhase = phase.name;
    this.stream.write(`${plainLine(state, second)}\n`);
  }

  close(): void {
    // A line was complete when it was written.
  }
}

/** E.g. `12 s  with: 151/s p50 52 p99 172 ms large 1 % ... | without: ...`. */
export function plainLine(state: LiveState, second: number): string {
  const side = (name: "with" | "without"): string => {
    const one = state.figures(name);
    const shares = state.scenario.arms.map(
      (arm, i) => `${arm.name} ${whole(one.armShare[i]! * 100)}%`,
    );
    const score = one.scorePermille < 0 ? "" : ` score ${whole(one.scorePermille)}`;
    const latency = `p50 ${whole(one.p50Ms)} p99 ${whole(one.p99Ms)} ms`;
    const bad = `limited ${whole(one.limitedHz)}/s errors ${one.errors}`;
    return `${name}: ${whole(one.requestsHz)}/s ${latency} ${shares.join(" ")}${score} ${bad}`;
  };
  return `${String(second).padStart(3)} s  ${side("with")}  |  ${side("without")}`;
}
