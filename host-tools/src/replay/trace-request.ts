// Requests out of the published LLM traces, which have arrivals and token counts and no latencies: those are
// made from the tokens by one stated law, so that a replay of a trace is the same everywhere.
//
//   time to first byte = 100 ms + 0.05 ms a prompt token
//   latency            = that + 20 ms an output token

import type { HeaderCache, RecordedRequest } from "./recorded-request";
import { lineError } from "./recorded-request";

const HEAD = { method: "POST", path: "/api/llm/chat", authority: "llm-service" } as const;

const FIRST_MS = 100;
const PROMPT_TOKEN_MS = 0.05;
const OUTPUT_TOKEN_MS = 20;

/** Header line of the Azure LLM inference traces. */
export const AZURE_COLUMNS = "TIMESTAMP,ContextTokens,GeneratedTokens";

/** A line of an Azure trace: time of day in UTC, prompt tokens, output tokens. */
export function azureRequest(row: string, line: number, cache: HeaderCache): RecordedRequest {
  const [time = "", prompt, output] = row.split(",");
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)?/.exec(time);
  const secondMs = match ? Date.parse(`${match[1]}T${match[2]}Z`) : NaN;
  const atMs = secondMs + Number(match?.[3] ?? 0) * 1000;
  return traceRequest(atMs, Number(prompt), Number(output), line, cache);
}

/** An object of the Mooncake traces: ms, prompt tokens, output tokens. */
export function mooncakeRequest(
  row: Readonly<Record<string, unknown>>,
  line: number,
  cache: HeaderCache,
): RecordedRequest {
  const { timestamp, input_length: prompt, output_length: output } = row;
  return traceRequest(Number(timestamp), Number(prompt), Number(output), line, cache);
}

function traceRequest(
  atMs: number,
  promptTokens: number,
  outputTokens: number,
  line: number,
  cache: HeaderCache,
): RecordedRequest {
  if (!(atMs >= 0) || !(promptTokens >= 0) || !(outputTokens >= 0)) {
    throw lineError(line, "is no line of the trace: a time and two token counts");
  }
  const ttfbMs = FIRST_MS + PROMPT_TOKEN_MS * promptTokens;
  return {
    atMs,
    headers: cache.get(line, HEAD, undefined),
    latencyMs: ttfbMs + OUTPUT_TOKEN_MS * outputTokens,
    ttfbMs,
    status: 200,
  };
}
