// The route monitor on simulated traffic: windows, what each kind of fault looks like, what is no fault.

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RouteSignal } from "../../../host-tools/src/contract";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import type { StatisticsLab } from "../../../host-tools/src/statistics/statistics-lab";
import { startLab } from "./start-lab";

let lab: StatisticsLab;
let state: number;
beforeAll(() => {
  lab = startLab();
});
beforeEach(() => {
  lab.wasm.setWallClock(Number.NaN);
  state = lab.fresh();
});

/** Traffic of a route; what is left out is as usual. */
interface Traffic {
  readonly perSecond?: number;
  readonly latencyMs?: number;
  /** Time from first to last byte, as a share of the latency. */
  readonly bodyShare?: number;
  readonly failing?: number;
  readonly refused?: number;
  readonly limited?: number;
  readonly retried?: number;
  readonly bytes?: number;
}

const USUAL: Required<Traffic> = {
  perSecond: 30,
  latencyMs: 50,
  bodyShare: 0.3,
  failing: 0.004,
  refused: 0.01,
  limited: 0.01,
  retried: 0.01,
  bytes: 800,
};

interface Verdict {
  readonly atMs: number;
  readonly evidence: number;
  readonly top: number;
  /** Evidence of the rate alone. */
  readonly rate: number;
}

/** Requests that end when they come: for a window's sums the order does not matter. */
class Route {
  private nowMs = 0;
  private untilMs = 0;
  private readonly random;

  constructor(seed: number) {
    this.random = seededPrng(seed);
  }

  /** Lets traffic flow; what the monitor says of each window. */
  flow(seconds: number, change: Traffic = {}): Verdict[] {
    const { random } = this;
    const traffic = { ...USUAL, ...change };
    const verdicts: Verdict[] = [];
    this.untilMs += seconds * 1000;
    while (this.nowMs < this.untilMs) {
      this.nowMs += random.exponential(1000 / traffic.perSecond);
      if (lab.wasm.monitorTick(state, this.nowMs)) {
        const evidence = lab.wasm.monitorEvidenceQ8(state);
        const rate = lab.wasm.monitorSignalQ8(state, RouteSignal.Rate);
        const top = lab.wasm.monitorTopSignal(state);
        verdicts.push({ atMs: this.nowMs, evidence, top, rate });
      }
      this.request(traffic);
    }
    return verdicts;
  }

  private request(traffic: Required<Traffic>): void {
    const { random } = this;
    const attempt = random.uniform() < traffic.retried ? 2 : 1;
    lab.wasm.onArrival(state, this.nowMs, traffic.bytes * Math.exp(random.normal()), attempt);
    const latencyMs = traffic.latencyMs * Math.exp(0.5 * random.normal());
    const ttfbMs = latencyMs * (1 - traffic.bodyShare * random.uniform());
    lab.wasm.onFinish(state, this.nowMs, latencyMs, ttfbMs, this.status(traffic));
  }

  private status({ failing, refused, limited }: Required<Traffic>): number {
    const draw = this.random.uniform();
    if (draw < failing) return 503;
    if (draw < failing + refused) return 404;
    return draw < failing + refused + limited ? 429 : 200;
  }
}

const evidences = (verdicts: readonly Verdict[]) => verdicts.map(({ evidence }) => evidence);

describe("a window", () => {
  const request = (nowMs: number) => {
    lab.wasm.onArrival(state, nowMs, 0, 1);
    lab.wasm.onFinish(state, nowMs, 10, 5, 200);
  };

  it("closes after a second in which five requests came", () => {
    for (let i = 0; i < 5; i++) request(1000 + i);
    expect(lab.wasm.monitorTick(state, 1999)).toBe(0);
    expect(lab.wasm.monitorTick(state, 2000)).toBe(1);
    expect(lab.wasm.monitorTick(state, 2000)).toBe(0);
  });

  it("waits for five requests, but for ten seconds at most", () => {
    for (let i = 0; i < 4; i++) request(1000 + i);
    expect(lab.wasm.monitorTick(state, 10_999)).toBe(0);
    expect(lab.wasm.monitorTick(state, 11_000)).toBe(1);
  });

  it("closes with the next request where nothing ticks", () => {
    for (let i = 0; i < 5; i++) request(1000 + i);
    for (let i = 0; i < 5; i++) request(2500 + i);
    // The second window was opened by a request at 2500, so it is over at 3500.
    expect(lab.wasm.monitorTick(state, 3499)).toBe(0);
    expect(lab.wasm.monitorTick(state, 3500)).toBe(1);
  });

  it("begins anew when the clock is set back", () => {
    for (let i = 0; i < 5; i++) request(50_000_000 + i);
    for (let i = 0; i < 5; i++) request(1000 + i);
    expect(lab.wasm.monitorTick(state, 2000)).toBe(1);
  });

  it("does not begin without a request", () => {
    expect(lab.wasm.monitorTick(state, 1_000_000)).toBe(0);
    expect(lab.wasm.monitorTopSignal(state)).toBe(-1);
  });
});

describe("a healthy route", () => {
  it("has little evidence nearly always", () => {
    const route = new Route(2);
    route.flow(300);
    const all = evidences(route.flow(3600));
    expect(all.filter((e) => e >= 768).length / all.length).toBeLessThan(0.002);
    expect(Math.max(...all)).toBeLessThan(1280);
  });

  it("has no more of it when it is limited more than usual: 429 is the limit's doing", () => {
    const route = new Route(3);
    route.flow(900);
    const limited = route.flow(20, { limited: 0.5 });
    expect(Math.max(...evidences(limited))).toBeLessThan(768);
  });

  it("keeps its evidence until the next window", () => {
    const route = new Route(4);
    route.flow(900);
    const [verdict] = route.flow(2, { latencyMs: 500 }).slice(-1);
    lab.wasm.onArrival(state, verdict!.atMs + 1, 100, 1);
    expect(lab.wasm.monitorEvidenceQ8(state)).toBe(verdict!.evidence);
  });
});

describe("a fault", () => {
  const faults: readonly (readonly [string, Traffic, readonly RouteSignal[]])[] = [
    [
      "slow answers",
      { latencyMs: 100 },
      [RouteSignal.Latency, RouteSignal.SlowestLatency, RouteSignal.BodyTime],
    ],
    ["a slow body", { bodyShare: 0.99 }, [RouteSignal.BodyTime]],
    ["failures", { failing: 0.3 }, [RouteSignal.Failures]],
    ["quick failures", { failing: 0.5, latencyMs: 2 }, [RouteSignal.Failures, RouteSignal.Latency]],
    ["a scan", { refused: 0.3 }, [RouteSignal.Refusals]],
    ["a retry storm", { retried: 0.4 }, [RouteSignal.Retries]],
    ["a flood", { perSecond: 150 }, [RouteSignal.Rate]],
    ["a drop of traffic", { perSecond: 3 }, [RouteSignal.Rate]],
    ["large requests", { bytes: 6000 }, [RouteSignal.Bytes]],
  ];

  it.each(faults)("of %s is evident within 15 s, and named", (_, change, signals) => {
    const route = new Route(5);
    route.flow(1200);
    const verdicts = route.flow(15, change);
    const strongest = verdicts.reduce((a, b) => (b.evidence > a.evidence ? b : a));
    expect(strongest.evidence).toBeGreaterThan(1280);
    expect(signals).toContain(strongest.top);
  });

  it("is evident for as long as it lasts, for minutes", () => {
    const route = new Route(6);
    route.flow(1200);
    const lasting = evidences(route.flow(120, { latencyMs: 150 })).slice(3);
    expect(Math.min(...lasting)).toBeGreaterThan(768);
  });

  it("is what is usual once it has lasted for hours", () => {
    const route = new Route(7);
    route.flow(1200);
    route.flow(7200, { latencyMs: 150 });
    const later = evidences(route.flow(600, { latencyMs: 150 }));
    expect(later.filter((e) => e >= 768).length / later.length).toBeLessThan(0.01);
  });
});

describe("the rate", () => {
  it("is judged by the hour once two days are known", () => {
    // Nights have a tenth of the traffic; the third day's night goes on as the day was.
    const evidenceAtNight = (offsetMs: number) => {
      lab.wasm.setWallClock(offsetMs);
      state = lab.fresh();
      const route = new Route(8);
      const hour = (perSecond: number) => route.flow(3600, { perSecond });
      for (let i = 0; i < 60; i++) hour(i % 24 < 12 ? 1 : 0.1);
      const night = hour(1).slice(0, 50);
      return night.reduce((sum, { rate }) => sum + rate, 0) / night.length;
    };
    expect(evidenceAtNight(0)).toBeGreaterThan(2 * evidenceAtNight(Number.NaN));
  });
});

describe("a monitor's memory", () => {
  it("is 2,560 bytes at most, and nothing is written behind it", () => {
    const bytes = lab.wasm.monitorBytes();
    expect(bytes).toBeLessThanOrEqual(2560);
    lab.wasm.setWallClock(0);
    new Route(9).flow(600);
    expect([...lab.bytes(state + bytes, 4096 - bytes)].every((byte) => byte === 0)).toBe(true);
  });
});
