// One POST to a webhook: bounded in time and in what is read of the answer, certificates checked, redirects
// not followed. The body is that of Flagger's webhooks, so that what answers those answers these.

import { type ClientRequest, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { PolicyWebhook, WebhookType } from "../config/policy-webhooks";
import { printable } from "../lib/printable";

export interface WebhookPayload {
  readonly name: string;
  readonly namespace: string;
  readonly phase: string;
  /** Of what is rolled out: another version of the canary has another. */
  readonly checksum: string;
  readonly type: WebhookType;
  readonly failedChecks: number;
  readonly canaryWeight: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Read of an answer, for the reason of a refusal. */
const ANSWER_BYTES_MAX = 1024;
/** Said of it. */
const ANSWER_CHARS_MAX = 200;

/**
 * Calls, and calls again where it failed.
 *
 * @param stop aborted: nobody waits for the answer any more
 * @returns why it did not agree, `status 403: not yet`; undefined for a status of 200 to 299
 */
export async function callWebhook(
  hook: PolicyWebhook,
  payload: WebhookPayload,
  stop?: AbortSignal,
): Promise<string | undefined> {
  let why: string | undefined;
  for (let call = 0; call <= hook.retries; call++) {
    why = await once(hook, JSON.stringify(payload), stop).catch(reasonOf);
    if (why === undefined || stop?.aborted === true) return why;
  }
  return why;
}

function once({ url, timeout_ms: timeoutMs }: PolicyWebhook, body: string, stop?: AbortSignal) {
  return new Promise<string | undefined>((resolve, reject) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = stop === undefined ? timeout : AbortSignal.any([timeout, stop]);
    const send = url.startsWith("https:") ? httpsRequest : httpRequest;
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    const fail = (cause: Error): void =>
      reject(timeout.aborted ? new Error(`no answer in ${timeoutMs} ms`, { cause }) : cause);
    const sent: ClientRequest = send(
      url,
      { method: "POST", headers, signal, agent: false },
      (response) => {
        const status = response.statusCode ?? 0;
        let text = "";
        const end = (): void => {
          sent.destroy();
          resolve(status >= 200 && status <= 299 ? undefined : refusal(status, text));
        };
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
          // Whatever else it has to say: its status has been read.
          if (text.length >= ANSWER_BYTES_MAX) end();
        });
        response.on("end", end).on("error", fail);
      },
    );
    sent.on("error", fail).end(body);
  });
}

function refusal(status: number, text: string): string {
  const said = printable(text, ANSWER_CHARS_MAX);
  return `status ${status}${said === "" ? "" : `: ${said}`}`;
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return "code" in cause && cause.name !== "AbortError" ? String(cause.code) : cause.message;
}
