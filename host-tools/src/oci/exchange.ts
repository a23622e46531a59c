// One HTTP exchange: a request, an answer read whole within a time and a size. `fetch` alone has
// neither: a peer that drips a byte a minute, or never ends, would hold the tool and fill its
// memory. Redirects come back as answers; whether one may be followed is the caller's knowledge.

import { GanglionError } from "../lib/errors";

export interface ExchangeRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly timeoutMs: number;
  /** The answer's body may have this many bytes; the rest is not read. */
  readonly answerMaxBytes: number;
}

/** A request whose bounds may be left to the client. */
export type Call = Omit<ExchangeRequest, "timeoutMs" | "answerMaxBytes"> &
  Partial<Pick<ExchangeRequest, "timeoutMs" | "answerMaxBytes">>;

const TRANSFER_TIMEOUT_MS = 30_000;
/** A transfer slower than this is given up. */
const TRANSFER_MIN_BYTES_PER_MS = 64;

/** How long a request or an answer of this size may take. */
export function transferTimeoutMs(sizeBytes: number): number {
  return TRANSFER_TIMEOUT_MS + Math.ceil(sizeBytes / TRANSFER_MIN_BYTES_PER_MS);
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** The part of `fetch` that is used, so that a test can stand in for the network. */
export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

/** A failure below HTTP, which a second try may not see: refused, reset, cut short, too slow. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

/**
 * @param what names the exchange in messages, e.g. `registry ghcr.io, blob upload`
 * @throws ConnectionError worth a retry; GanglionError E_REGISTRY_TOO_LARGE not worth one
 */
export async function exchange(
  request: ExchangeRequest,
  what: string,
  fetchFunction: Fetch,
): Promise<Answer> {
  const signal = AbortSignal.timeout(request.timeoutMs);
  const init: RequestInit = { method: request.method, redirect: "manual", signal };
  if (request.headers !== undefined) init.headers = request.headers;
  // Node's fetch takes the bytes as they are; the type wants to hear that no memory is shared.
  if (request.body !== undefined) init.body = request.body as Uint8Array<ArrayBuffer> | string;
  try {
    const response = await fetchFunction(request.url, init);
    const body = await readBody(response, request.answerMaxBytes, what);
    return { status: response.status, headers: response.headers, body };
  } catch (cause) {
    if (cause instanceof GanglionError) throw cause;
    const reason = signal.aborted
      ? `no complete answer in ${request.timeoutMs} ms`
      : reasonOf(cause);
    throw new ConnectionError(reason, { cause });
  }
}

async function readBody(response: Response, maxBytes: number, what: string): Promise<Uint8Array> {
  const declaredBytes = Number(response.headers.get("content-length") ?? 0);
  const reader = response.body?.getReader();
  if (reader === undefined) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let totalBytes = 0;
  for (;;) {
    if (Math.max(totalBytes, declaredBytes) > maxBytes) {
      await reader.cancel();
      throw new GanglionError(
        "E_REGISTRY_TOO_LARGE",
        `${what}: the answer has more than ${maxBytes} bytes`,
        { hint: "That is not what was pushed; check that the address is a registry's." },
      );
    }
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks);
    chunks.push(value);
    totalBytes += value.length;
  }
}

/** Node hides the system's word (`ECONNREFUSED`) in the cause of `fetch failed`. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const code = (cause as NodeJS.ErrnoException).code;
  return code !== undefined && !cause.message.includes(code)
    ? `${cause.message} (${code})`
    : cause.message;
}
