import { afterEach, describe, expect, it, vi } from "vitest";
import { FRAME_COLUMNS, liveFrame } from "../../../host-tools/src/demo/live-frame";
import { LiveState } from "../../../host-tools/src/demo/live-state";
import { openView, paletteOf, type ViewStream } from "../../../host-tools/src/demo/live-view";
import type { Side } from "../../../host-tools/src/demo/progress";
import { buildScenario } from "../../../host-tools/src/demo/scenario";
import { expectGolden } from "../../support/golden";

const HEAD = { engine: "Envoy 1.40.0, 2 workers", model: "default v1", seed: 1 };

function feed(state: LiveState, side: Side, untilMs: number, latencyMs: number): void {
  for (let elapsedMs = 250; elapsedMs <= untilMs; elapsedMs += 250) {
    const status = side === "with" ? [200, 200, 200, 429] : [200, 200, 503, 200];
    state.add({
      side,
      elapsedMs,
      ended: {
        latencyMs: status.map((_, i) => latencyMs + i),
        status,
        tenant: [0, 1, 2, 3],
        arms: { large: side === "with" ? 0 : 1, medium: 1, small: 2, "": 1 },
        scores: side === "with" ? { 700: 2, 900: 1, "": 1 } : { "": 4 },
      },
    });
  }
}

function stateAt(untilMs: number): LiveState {
  const state = new LiveState(buildScenario(38));
  feed(state, "with", untilMs, 60);
  feed(state, "without", untilMs, 2400);
  return state;
}

class Recorder implements ViewStream {
  text = "";
  constructor(
    readonly isTTY: boolean,
    readonly columns = 100,
    readonly rows = 40,
  ) {}
  write(text: string): void {
    this.text += text;
  }
}

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

describe("the live frame", () => {
  it("shows both sides", () => {
    const lines = liveFrame(stateAt(14_000), HEAD, paletteOf(false));
    expectGolden("demo/frame.txt", `${lines.map((line) => line.trimEnd()).join("\n")}\n`);
  });

  it("stays within its columns from the first moment to the last, in colour too", () => {
    for (const untilMs of [0, 250, 8000, 21_000, 38_000, 45_000]) {
      for (const isColoured of [false, true]) {
        const lines = liveFrame(stateAt(untilMs), HEAD, paletteOf(isColoured));
        const widths = lines.map((line) => line.replace(/\x1b\[[0-9;]*m/g, "").length);
        expect(Math.max(...widths)).toBeLessThanOrEqual(FRAME_COLUMNS);
        expect(lines.join()).not.toMatch(/NaN|undefined|Infinity/);
      }
    }
  });
});

describe("the live view", () => {
  it("redraws a frame in place on a terminal, and gives the cursor back", () => {
    vi.useFakeTimers();
    vi.stubEnv("NO_COLOR", "");
    vi.stubEnv("TERM", "xterm");
    const stream = new Recorder(true);
    const view = openView(stream, stateAt(1000), HEAD);
    vi.advanceTimersByTime(1000);
    view.close();
    view.close();
    const frames = stream.text.split("\x1b[?2026h").length - 1;
    expect(frames).toBe(6);
    const height = liveFrame(stateAt(1000), HEAD, paletteOf(false)).length;
    expect(stream.text.split(`\x1b[${height}A`)).toHaveLength(frames);
    expect(stream.text.startsWith("\x1b[?25l")).toBe(true);
    expect(stream.text.endsWith("\x1b[?25h")).toBe(true);
  });

  it.each([
    ["no terminal", new Recorder(false), {}],
    ["NO_COLOR", new Recorder(true), { NO_COLOR: "1" }],
    ["a dumb terminal", new Recorder(true), { TERM: "dumb" }],
    ["a terminal that is too narrow", new Recorder(true, 60), {}],
    ["a terminal that is too low", new Recorder(true, 100, 10), {}],
  ])("writes plain lines for %s", (_name, stream, env: Record<string, string>) => {
    vi.stubEnv("NO_COLOR", "");
    vi.stubEnv("TERM", "xterm");
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const state = new LiveState(buildScenario(38));
    const view = openView(stream, state, HEAD);
    for (let elapsedMs = 250; elapsedMs <= 3000; elapsedMs += 250) {
      state.add({
        side: "with",
        elapsedMs,
        ended: {
          latencyMs: [50],
          status: [200],
          tenant: [0],
          arms: { large: 1 },
          scores: { 9: 1 },
        },
      });
      view.update();
    }
    view.close();
    const lines = stream.text.trimEnd().split("\n");
    expect(lines[0]).toBe("Envoy 1.40.0, 2 workers, model default v1, seed 1");
    expect(lines[1]).toBe("warm-up: all arms healthy");
    expect(lines.slice(2).map((line) => line.slice(0, 5))).toEqual(["  1 s", "  2 s", "  3 s"]);
    expect(stream.text).not.toContain("\x1b");
  });
});
