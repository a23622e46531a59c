// Traffic as the columns of a load plan; the requests themselves would be slow to send to a
// process.

import type { TraceRequest } from "./trace-file";

export interface TrafficColumns {
  readonly intendedMs: Float64Array;
  /** Index of the list that each request is from: the plan's template. */
  readonly template: Uint16Array;
  readonly promptTokens: Uint32Array;
  readonly outputTokens: Uint32Array;
}

/** @param lists one per template of the plan, e.g. a calm tenant's requests and a flooding one's */
export function mergeTraffic(lists: readonly (readonly TraceRequest[])[]): TrafficColumns {
  const all = lists.flatMap((list, template) => list.map((request) => ({ request, template })));
  all.sort((a, b) => a.request.atMs - b.request.atMs || a.template - b.template);
  return {
    intendedMs: Float64Array.from(all, ({ request }) => request.atMs),
    template: Uint16Array.from(all, ({ template }) => template),
    promptTokens: Uint32Array.from(all, ({ request }) => request.promptTokens),
    outputTokens: Uint32Array.from(all, ({ request }) => request.outputTokens),
  };
}
