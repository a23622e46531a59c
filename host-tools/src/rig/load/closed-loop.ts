// As many requests as a few connections can carry, one after the other on each: for CPU per request
// at full load, where the rate is the result. Its latencies suffer from coordinated omission; use
// the open loop for those.

import { HttpConnection, type ConnectionEvents, type LoadTarget } from "./http-connection";
import { EncodedTemplate, type RequestTemplate } from "./load-plan";

export interface ClosedLoopPlan {
  readonly target: LoadTarget;
  readonly request: RequestTemplate;
  readonly connections: number;
  /** In all, over all connections. */
  readonly requests: number;
  /** Gives up after this time; default 60 s. */
  readonly timeoutMs?: number;
}

export interface ClosedLoopResult {
  readonly requests: number;
  readonly durationMs: number;
  readonly rateHz: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Connections that failed or were cut off, and requests not made in time. */
  readonly failed: number;
}

/** Runs to the last response; connections are opened within the measured time. */
export async function runClosedLoop(plan: ClosedLoopPlan): Promise<ClosedLoopResult> {
  const encoded = new EncodedTemplate(plan.request, plan.target);
  const text = encoded.encode();
  const byStatus: Record<string, number> = {};
  const startMs = performance.now();
  let begun = 0;
  let answered = 0;
  let failed = 0;
  let finish = (): void => {};
  const open = new Set<HttpConnection>();
  const carryOn = (connection: HttpConnection): void => {
    if (begun < plan.requests) connection.send(begun++, encoded.method, text);
    if (answered + failed >= plan.requests) finish();
  };
  const events: ConnectionEvents = {
    onResponse(connection) {
      const { status } = connection.parser;
      byStatus[status] = (byStatus[status] ?? 0) + 1;
      answered++;
      connection.request = -1;
      carryOn(connection.isOpen ? connection : replace(connection));
    },
    onFailure(connection) {
      failed++;
      carryOn(replace(connection));
    },
    onIdleClose: () => {},
  };
  const replace = (old?: HttpConnection): HttpConnection => {
    if (old) open.delete(old);
    const connection = new HttpConnection(plan.target, events);
    open.add(connection);
    return connection;
  };
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, plan.timeoutMs ?? 60_000);
    finish = () => {
      clearTimeout(timer);
      resolve();
    };
    for (let i = 0; i < plan.connections; i++) carryOn(replace());
  });
  const durationMs = performance.now() - startMs;
  for (const connection of open) connection.destroy();
  failed = plan.requests - answered;
  return {
    requests: answered,
    durationMs,
    rateHz: (answered * 1000) / durationMs,
    byStatus,
    failed,
  };
}
