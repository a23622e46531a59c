// What a load run sends, in a form that crosses a process boundary cheaply: a few templates, and
// typed arrays that say when which of them is sent.

import { GanglionError } from "../../lib/errors";
import type { LoadTarget } from "./http-connection";

export interface RequestTemplate {
  /** Names this kind of request in the results, e.g. the tenant. */
  readonly tag: string;
  /** Default GET, or POST with a body. */
  readonly method?: string;
  /** Default `/`. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default 0: no body. */
  readonly bodyBytes?: number;
}

export interface LoadPlan {
  readonly target: LoadTarget;
  readonly templates: readonly RequestTemplate[];
  /** Intended start of each request after the run's start, ascending. */
  readonly intendedMs: Float64Array;
  /** Template of each request; default all 0. */
  readonly template?: Uint16Array;
  /** Sent as `x-tokens-prompt` and `x-tokens-output`, as the LLM upstream reads them. */
  readonly promptTokens?: Uint32Array;
  readonly outputTokens?: Uint32Array;
  /** Sends `x-traffic-id: <index>`, which makes the upstream's luck repeatable. Default true. */
  readonly sendsTrafficId?: boolean;
  /** Default 512. When all are busy, requests wait, and their latency counts from the intent. */
  readonly connectionsMax?: number;
  /** From the intended start. Default 30 s. */
  readonly timeoutMs?: number;
  /** Response headers to record; default `x-upstream`. */
  readonly captureHeaders?: readonly string[];
  /** Default 250. */
  readonly progressEveryMs?: number;
  /**
   * Watches the clock before each arrival instead of sleeping through it: sends within 0.1 ms of
   * the intent instead of about 1 ms, at the price of up to a core. Default false.
   */
  readonly isPrecise?: boolean;
}

/** @throws GanglionError E_LOAD_PLAN naming the field that does not fit */
export function checkPlan(plan: LoadPlan): void {
  const count = plan.intendedMs.length;
  for (const field of ["template", "promptTokens", "outputTokens"] as const) {
    const length = plan[field]?.length ?? count;
    if (length !== count) throw unfit(`${field} has ${length} entries for ${count} requests`);
  }
  if (plan.templates.length === 0) throw unfit("templates is empty");
  for (let i = 0; i < count; i++) {
    const isSorted = (plan.intendedMs[i] as number) >= (plan.intendedMs[i - 1] ?? 0);
    if (!isSorted) throw unfit(`intendedMs[${i}] is before the one before it, or before 0`);
    const template = plan.template?.[i] ?? 0;
    if (template >= plan.templates.length) throw unfit(`template[${i}] is ${template}`);
  }
}

function unfit(reason: string): GanglionError {
  return new GanglionError("E_LOAD_PLAN", `load plan: ${reason}`);
}

/** A template as bytes to send: everything but the per-request headers, made once. */
export class EncodedTemplate {
  readonly method: string;
  private readonly head: string;
  private readonly body: string;

  constructor(template: RequestTemplate, target: LoadTarget) {
    const bodyBytes = template.bodyBytes ?? 0;
    this.method = template.method ?? (bodyBytes > 0 ? "POST" : "GET");
    const lines = [`${this.method} ${template.path ?? "/"} HTTP/1.1`];
    const headers = template.headers ?? {};
    if (!Object.keys(headers).some((name) => name.toLowerCase() === "host")) {
      lines.push(`host: ${target.host ?? "127.0.0.1"}:${target.port}`);
    }
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    if (bodyBytes > 0) lines.push(`content-length: ${bodyBytes}`);
    this.head = `${lines.join("\r\n")}\r\n`;
    this.body = `\r\n${"x".repeat(bodyBytes)}`;
  }

  /** @param extraHeaders lines that end in CRLF */
  encode(extraHeaders = ""): string {
    return this.head + extraHeaders + this.body;
  }
}
