// The routes of the suite, which are the keys that alarms are counted for. Eight kinds of traffic that
// an AI service has: streamed and unstreamed answers of a language model, small quick look-ups, a rare
// and ragged report. Rates differ by 30 times and latencies by 500.

import type { LatencyLaw } from "../rig/upstream/latency-law";
import type { FaultClass } from "./fault-class";

export interface SuiteArm {
  /** Unique in the suite: `chat-a`. */
  readonly name: string;
  readonly law: LatencyLaw;
  /** Requests in service at once; the others wait. */
  readonly slots: number;
}

export interface SuiteRoute {
  readonly name: string;
  /** What every path of the route begins with. */
  readonly prefix: string;
  readonly method: "GET" | "POST";
  readonly rateHz: number;
  readonly arms: readonly SuiteArm[];
  /** Medians of a request's size; 0 where there is none. */
  readonly contentBytes: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly isStream: boolean;
  /** Distinct callers on an ordinary day. */
  readonly clients: number;
  /** A healthy share of answers that are nobody's fault: wrong passwords, old links. */
  readonly refusals: { readonly status: 401 | 404; readonly permille: number };
  /** Faults that mean something here. */
  readonly faults: readonly FaultClass[];
}

const EVERYWHERE: readonly FaultClass[] = [
  "slow-arm",
  "slow-drift",
  "error-burst",
  "fail-fast",
  "retry-storm",
];

/** Arms differ a little, as three instances of one service do. */
const ARM_FACTORS = { a: 0.95, b: 1, c: 1.1 } as const;

type Shape = Partial<Omit<SuiteRoute, "name" | "arms" | "faults">> & {
  readonly rateHz: number;
  readonly law: LatencyLaw;
  readonly slots: number;
  readonly faults: readonly FaultClass[];
};

function route(name: string, shape: Shape): SuiteRoute {
  const { law, slots, faults, ...rest } = shape;
  return {
    name,
    prefix: `/api/${name}`,
    method: "POST",
    contentBytes: 0,
    promptTokens: 0,
    outputTokens: 0,
    isStream: false,
    clients: 200,
    refusals: { status: 404, permille: 2 },
    ...rest,
    arms: Object.entries(ARM_FACTORS).map(([arm, factor]) => {
      return { name: `${name}-${arm}`, law: scaledLaw(law, factor), slots };
    }),
    faults: [...EVERYWHERE, ...faults],
  };
}

/** The suite's routes; the index of a route is its key. */
export const SUITE_ROUTES: readonly SuiteRoute[] = [
  route("chat", {
    rateHz: 4,
    law: { kind: "llm", ttftMs: 250, perPromptTokenMs: 0.2, perTokenMs: 12, sigma: 0.35 },
    slots: 40,
    promptTokens: 400,
    outputTokens: 120,
    isStream: true,
    faults: ["token-flood", "prompt-bomb", "slow-stream"],
  }),
  route("assist", {
    rateHz: 2,
    law: { kind: "llm", ttftMs: 180, perPromptTokenMs: 0.1, perTokenMs: 20, sigma: 0.3 },
    slots: 40,
    promptTokens: 1200,
    outputTokens: 160,
    isStream: true,
    clients: 60,
    faults: ["token-flood", "prompt-bomb", "slow-stream"],
  }),
  route("complete", {
    rateHz: 6,
    law: { kind: "llm", ttftMs: 120, perPromptTokenMs: 0.2, perTokenMs: 6, sigma: 0.4 },
    slots: 24,
    promptTokens: 150,
    outputTokens: 40,
    faults: ["token-flood", "prompt-bomb"],
  }),
  route("embed", {
    rateHz: 20,
    law: { kind: "lognormal", medianMs: 25, sigma: 0.35 },
    slots: 16,
    contentBytes: 800,
    clients: 40,
    faults: ["token-flood", "prompt-bomb"],
  }),
  route("search", {
    rateHz: 12,
    law: { kind: "lognormal", medianMs: 40, sigma: 0.5 },
    slots: 16,
    method: "GET",
    refusals: { status: 404, permille: 10 },
    faults: ["scan"],
  }),
  route("session", {
    rateHz: 16,
    law: { kind: "lognormal", medianMs: 6, sigma: 0.6 },
    slots: 16,
    method: "GET",
    refusals: { status: 404, permille: 5 },
    faults: ["scan", "credential-stuffing"],
  }),
  route("login", {
    rateHz: 3,
    law: { kind: "lognormal", medianMs: 60, sigma: 0.3 },
    slots: 16,
    contentBytes: 120,
    refusals: { status: 401, permille: 40 },
    faults: ["credential-stuffing", "credential-stuffing"],
  }),
  route("report", {
    rateHz: 0.7,
    law: { kind: "pareto", minMs: 400, alpha: 2.2 },
    slots: 16,
    method: "GET",
    clients: 20,
    refusals: { status: 404, permille: 10 },
    faults: ["scan"],
  }),
];

/** The upstream that gives such answers, whatever arm the request was for: quick, as refusals are. */
export function refusingArm(status: 401 | 404): SuiteArm {
  const medianMs = status === 401 ? 20 : 4;
  const law = { kind: "lognormal", medianMs, sigma: 0.3 } as const;
  return { name: `answer-${status}`, law, slots: 64 };
}

/** The law with every time multiplied. */
export function scaledLaw(law: LatencyLaw, factor: number): LatencyLaw {
  switch (law.kind) {
    case "constant":
      return { ...law, ms: law.ms * factor };
    case "exponential":
      return { ...law, meanMs: law.meanMs * factor };
    case "lognormal":
      return { ...law, medianMs: law.medianMs * factor };
    case "pareto":
      return { ...law, minMs: law.minMs * factor };
    case "llm":
      return {
        ...law,
        ttftMs: law.ttftMs * factor,
        perPromptTokenMs: (law.perPromptTokenMs ?? 0) * factor,
        perTokenMs: law.perTokenMs * factor,
      };
  }
}

/**
 * The route in another time: rates times the factor, latencies divided by it. What an hour shows
 * is then shown in a fraction of it, as far as the route itself is concerned.
 */
export function compressedRoute(one: SuiteRoute, factor: number): SuiteRoute {
  const arms = one.arms.map((arm) => ({ ...arm, law: scaledLaw(arm.law, 1 / factor) }));
  return { ...one, rateHz: one.rateHz * factor, arms };
}
