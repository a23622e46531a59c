// Sends an answer of tokens in the shape of the common chat-completions API, as server-sent events
// with the usage object last, or as one JSON document. Real filters must find the usage in it.

import type { ServerResponse } from "node:http";
import { callAt, type DueTimer } from "../due-timer";
import type { TokenCounts } from "./latency-law";

const TOKEN_EVENT =
  'data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"tok "}}]}\n\n';
const STALL_POLL_MS = 20;

export interface TokenPace {
  /** Time to the next token, asked before each one; a stalled stream is asked again and again. */
  nextTokenMs(): number;
  isStalled(): boolean;
}

function usageOf(tokens: TokenCounts): string {
  const total = tokens.prompt + tokens.output;
  const counts = `"prompt_tokens":${tokens.prompt},"completion_tokens":${tokens.output}`;
  return `"usage":{${counts},"total_tokens":${total}}`;
}

/** The whole answer as one JSON document. */
export function tokenAnswerJson(tokens: TokenCounts): string {
  const content = "tok ".repeat(tokens.output).trimEnd();
  const message = `{"role":"assistant","content":"${content}"}`;
  const choice = `{"index":0,"message":${message},"finish_reason":"stop"}`;
  return `{"object":"chat.completion","choices":[${choice}],${usageOf(tokens)}}`;
}

/**
 * Writes the first token now, the others at their pace, then usage and `[DONE]`. Tokens due in the
 * same turn go out in one write. Returns a timer that stops the stream where it is.
 */
export function streamTokens(
  response: ServerResponse,
  tokens: TokenCounts,
  pace: TokenPace,
): DueTimer {
  let sent = 0;
  let dueMs = performance.now();
  let timer: DueTimer | undefined;
  const step = (): void => {
    if (pace.isStalled()) {
      dueMs = performance.now() + STALL_POLL_MS;
      timer = callAt(dueMs, step);
      return;
    }
    let events = "";
    const nowMs = performance.now();
    while (sent < tokens.output && dueMs <= nowMs) {
      events += TOKEN_EVENT;
      sent++;
      dueMs += pace.nextTokenMs();
    }
    if (sent < tokens.output) {
      response.write(events);
      timer = callAt(dueMs, step);
    } else {
      response.end(`${events}data: {"choices":[],${usageOf(tokens)}}\n\ndata: [DONE]\n\n`);
    }
  };
  step();
  return { cancel: () => timer?.cancel() };
}
