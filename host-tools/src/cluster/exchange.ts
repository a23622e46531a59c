// One HTTP exchange with the API server: whole answer, bounded time and size. Through node:http(s)
// and not fetch, because client certificates, private authorities and proxies come as agents.

import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";

export interface ExchangeRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly contentType?: string;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A failure below HTTP: refused, reset, cut short, too slow. Says what, not what to do. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

/** Above what any list of ours comes to; a peer that never ends must not fill the memory. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/** @throws ConnectionError */
export async function exchange(
  request: ExchangeRequest,
  credentials: RequestOptions,
): Promise<Answer> {
  const answer = await send(request, credentials);
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    body: await readWhole(answer, request.timeoutMs),
  };
}

/**
 * Sends and waits for the head of the answer.
 *
 * @throws ConnectionError
 */
export function send(
  request: ExchangeRequest,
  credentials: RequestOptions,
): Promise<IncomingMessage> {
  const { url, method, body, contentType, timeoutMs, signal } = request;
  const headers: Record<string, string | number> = {
    ...(credentials.headers as Record<string, string>),
    Accept: "application/json",
    "User-Agent": "ganglion",
    ...(body === undefined
      ? {}
      : {
          "Content-Type": contentType ?? "application/json",
          "Content-Length": Buffer.byteLength(body),
        }),
  };
  return new Promise((resolve, reject) => {
    const start = url.protocol === "http:" ? httpRequest : httpsRequest;
    const options = {
      ...credentials,
      method,
      headers,
      ...(signal === undefined ? {} : { signal }),
    };
    const outgoing = start(url, options);
    const timer = setTimeout(() => {
      outgoing.destroy(new Error(`no answer in ${timeoutMs} ms`));
    }, timeoutMs);
    outgoing.on("error", (cause) => {
      clearTimeout(timer);
      reject(new ConnectionError(reasonOf(cause), { cause }));
    });
    outgoing.on("response", (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    outgoing.end(body);
  });
}

function readWhole(answer: IncomingMessage, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const fail = (reason: string, cause?: unknown): void => {
      clearTimeout(timer);
      answer.destroy();
      reject(new ConnectionError(reason, { cause }));
    };
    const timer = setTimeout(() => fail(`no complete answer in ${timeoutMs} ms`), timeoutMs);
    answer.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES_MAX) fail(`the answer has more than ${ANSWER_BYTES_MAX} bytes`);
      else chunks.push(chunk);
    });
    answer.on("error", (cause) => fail(reasonOf(cause), cause));
    answer.on("close", () => {
      if (!answer.complete) fail("the connection was cut in the middle of the answer");
    });
    answer.on("end", () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString("utf8"));
    });
  });
}

function reasonOf(cause: Error): string {
  const code = (cause as NodeJS.ErrnoException).code;
  // A refused connection to a name with two addresses is an AggregateError without a message.
  const text = cause.message === "" ? String(code ?? cause.name) : cause.message;
  return code !== undefined && !text.includes(code) ? `${text} (${code})` : text;
}
