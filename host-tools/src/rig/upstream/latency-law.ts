// How long an upstream takes. The laws differ in their tails, which is what a latency tracker has
// to live with: constant (none), exponential, lognormal (real services), Pareto (heavy), and LLM,
// whose time is in the tokens and not in a distribution.

import type { Prng } from "../../lib/prng";

export type LatencyLaw =
  | { readonly kind: "constant"; readonly ms: number }
  | { readonly kind: "exponential"; readonly meanMs: number }
  | { readonly kind: "lognormal"; readonly medianMs: number; readonly sigma: number }
  | { readonly kind: "pareto"; readonly minMs: number; readonly alpha: number }
  | LlmLaw;

export interface LlmLaw {
  readonly kind: "llm";
  /** Time to first token at an empty prompt. */
  readonly ttftMs: number;
  /** Added to it per prompt token (prefill). */
  readonly perPromptTokenMs?: number;
  /** Time between output tokens (decode). */
  readonly perTokenMs: number;
  /** Spread of a request's speed: lognormal, median 1. Default 0. */
  readonly sigma?: number;
}

/** Tokens of one request, from its `x-tokens-prompt` and `x-tokens-output` headers. */
export interface TokenCounts {
  readonly prompt: number;
  readonly output: number;
}

export interface ServiceTime {
  /** Until the answer, or until the first token of a stream. */
  readonly firstMs: number;
  /** Between the tokens of a stream; 0 for laws without tokens. */
  readonly perTokenMs: number;
}

/** One draw of the law. Uses a fixed number of draws per law, so that streams stay aligned. */
export function drawServiceTime(law: LatencyLaw, prng: Prng, tokens: TokenCounts): ServiceTime {
  switch (law.kind) {
    case "constant":
      return { firstMs: law.ms, perTokenMs: 0 };
    case "exponential":
      return { firstMs: prng.exponential(law.meanMs), perTokenMs: 0 };
    case "lognormal":
      return { firstMs: law.medianMs * Math.exp(law.sigma * prng.normal()), perTokenMs: 0 };
    case "pareto":
      return { firstMs: law.minMs * (1 - prng.uniform()) ** (-1 / law.alpha), perTokenMs: 0 };
    case "llm": {
      const speed = Math.exp((law.sigma ?? 0) * prng.normal());
      const prefillMs = (law.perPromptTokenMs ?? 0) * tokens.prompt;
      return { firstMs: (law.ttftMs + prefillMs) * speed, perTokenMs: law.perTokenMs * speed };
    }
  }
}
