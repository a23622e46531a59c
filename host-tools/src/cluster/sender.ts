// Sends what a call asks for, as often as it makes sense: connection errors, 429 and 5xx are tried
// again with jitter and with respect for Retry-After, a 401 once with fresh credentials, everything
// else is an answer. Every call here is safe to repeat: reads, server-side applies, merge patches
// and deletions come to the same the second time, and a precondition that the first try already
// fulfilled shows as a conflict, which the caller reads as one.

import { type Attempt, retrying, type RetryClock } from "../oci/retry";
import type { Prng } from "../lib/prng";
import { type Attempted, clusterError, isPermanent, unreachableError } from "./cluster-error";
import type { Connection } from "./connection";
import { type Answer, ConnectionError, exchange, type ExchangeRequest } from "./exchange";
import { RequestBudget } from "./request-budget";

export interface SenderOptions {
  readonly clock: RetryClock;
  /** Jitter of the retries. */
  readonly prng: Prng;
  readonly timeoutMs: number;
}

export interface Call {
  readonly attempted: Attempted;
  readonly method: ExchangeRequest["method"];
  /** Path and query. */
  readonly path: string;
  readonly contentType?: string;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

export class Sender {
  private readonly budget: RequestBudget;
  /** Requests sent so far, tries included. */
  requests = 0;

  constructor(
    readonly connection: Connection,
    readonly options: SenderOptions,
  ) {
    this.budget = new RequestBudget(options.clock);
  }

  /**
   * The body of a successful answer.
   *
   * @throws ClusterError
   */
  async text(call: Call): Promise<string> {
    let renewed = false;
    const attempt = async (): Promise<Attempt<string>> => {
      try {
        const answer = await this.once(call, false);
        if (answer.status !== 401 || renewed) return verdict(call, answer);
        renewed = true;
        return verdict(call, await this.once(call, true));
      } catch (cause) {
        if (!(cause instanceof ConnectionError) || call.signal?.aborted === true) throw cause;
        return {
          done: false,
          error: unreachableError(this.connection.server, call.attempted, cause),
        };
      }
    };
    return retrying(attempt, this.options.clock, this.options.prng);
  }

  /** The body of a successful answer, parsed. */
  async json(call: Call): Promise<unknown> {
    return JSON.parse(await this.text(call));
  }

  private async once(call: Call, renew: boolean): Promise<Answer> {
    await this.budget.take();
    this.requests += 1;
    return exchange(this.requestOf(call), await this.connection.credentials(renew));
  }

  requestOf(call: Call): ExchangeRequest {
    const { method, path, body, contentType, signal } = call;
    return {
      method,
      url: new URL(`${this.connection.server}${path}`),
      timeoutMs: this.options.timeoutMs,
      signal,
      ...(body === undefined ? {} : { body }),
      ...(contentType === undefined ? {} : { contentType }),
    };
  }
}

function verdict(call: Call, answer: Answer): Attempt<string> {
  if (answer.status >= 200 && answer.status < 300) return { done: true, value: answer.body };
  const error = clusterError(call.attempted, answer);
  if ((answer.status !== 429 && answer.status < 500) || isPermanent(answer)) throw error;
  return { done: false, error, retryAfter: answer.headers["retry-after"] };
}
