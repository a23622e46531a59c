// The traffic behind test/golden/traffic/spike.jsonl: a calm stretch, then an arm ten times slower and a
// tier that floods, then calm again. Made from a seed, so that the file can be read and also made anew.

import { seededPrng } from "../../../host-tools/src/lib/prng";

interface Stretch {
  readonly untilMs: number;
  readonly rateHz: number;
  readonly freePermille: number;
  readonly slowFactor: number;
}

const STRETCHES: readonly Stretch[] = [
  { untilMs: 15_000, rateHz: 20, freePermille: 200, slowFactor: 1 },
  { untilMs: 19_000, rateHz: 60, freePermille: 750, slowFactor: 10 },
  { untilMs: 22_000, rateHz: 20, freePermille: 200, slowFactor: 1 },
];

/** The policy that the golden verdicts are for. */
export const SPIKE_POLICY = `version: 1
mode: enforce
services:
  llm-service:
    arms:
      large: { default: true }
      small: {}
    routes:
      - name: chat
        match: { path_prefix: /api/llm/chat, method: POST }
        limits:
          - name: tier
            key: { header: x-user-tier }
            requests_per_second: { free: 10, "*": 50 }
            burst: { free: 10, "*": 50 }
        anomaly: { act: tag, sequence: act }
`;

/** JSON lines. */
export function spikeTraffic(seed: number): string {
  const prng = seededPrng(seed).fork("spike");
  const lines: string[] = [];
  let atMs = 0;
  for (const { untilMs, rateHz, freePermille, slowFactor } of STRETCHES) {
    for (atMs += prng.exponential(1000 / rateHz); atMs < untilMs;) {
      const latencyMs = 60 * Math.exp(0.25 * prng.normal());
      const tier = prng.below(1000) < freePermille ? "free" : "premium";
      lines.push(
        JSON.stringify({
          at_ms: Number(atMs.toFixed(3)),
          method: "POST",
          path: "/api/llm/chat",
          authority: "llm-service",
          headers: { "x-user-tier": tier },
          // The default arm is the slow one.
          latency_ms: { small: round(latencyMs * 1.2), "*": round(latencyMs * slowFactor) },
          status: 200,
        }),
      );
      atMs += prng.exponential(1000 / rateHz);
    }
    atMs = untilMs;
  }
  return `${lines.join("\n")}\n`;
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
