// Which request is meant: by number, by x-request-id, by a line of `replay -o jsonl`, or the one that
// scored highest.

import { ExitCode, GanglionError } from "../lib/errors";
import type { RecordedRequest } from "../replay/recorded-request";

const HEADER_ID = "x-request-id";

/**
 * @param which a number from 1 in order of time, a line of a decision log, or a request id
 * @returns index from 0
 * @throws GanglionError E_EXPLAIN_REQUEST when there is no such request
 */
export function findRequest(requests: readonly RecordedRequest[], which: string): number {
  const text = which.trim();
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= requests.length) {
    return Number(text) - 1;
  }
  const found = text.startsWith("{")
    ? byLine(requests, text)
    : requests.findIndex(({ headers }) => headers.get(HEADER_ID) === text);
  if (found >= 0) return found;
  throw new GanglionError("E_EXPLAIN_REQUEST", `there is no request ${text} in the traffic`, {
    hint: `Give a number from 1 to ${requests.length}, an ${HEADER_ID}, or a line of \`replay -o jsonl\`.`,
    exitCode: ExitCode.badInput,
  });
}

function byLine(requests: readonly RecordedRequest[], line: string): number {
  let fields: { readonly at_ms?: unknown; readonly method?: unknown; readonly path?: unknown };
  try {
    fields = JSON.parse(line) as typeof fields;
  } catch {
    return -1;
  }
  return requests.findIndex(
    ({ atMs, headers }) =>
      atMs === fields.at_ms &&
      (fields.method === undefined || fields.method === headers.get(":method")) &&
      (fields.path === undefined || fields.path === headers.get(":path")),
  );
}
