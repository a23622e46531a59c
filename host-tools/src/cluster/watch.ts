// Changes as they happen: one answer that does not end, an event per line. What ends it (a timeout
// of the server's, a cut connection) is the caller's sign to list again; a gap is never papered
// over.

import { clusterError, ClusterError, unreachableError } from "./cluster-error";
import type { ClusterObject } from "./cluster-object";
import { ConnectionError, send } from "./exchange";
import type { Call, Sender } from "./sender";

export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: ClusterObject;
}

/** @throws ClusterError; E_CLUSTER_EXPIRED where the version to begin with is too old */
export async function* watchObjects(sender: Sender, call: Call): AsyncGenerator<WatchEvent> {
  const { connection } = sender;
  try {
    const answer = await send(sender.requestOf(call), await connection.credentials(false));
    answer.setEncoding("utf8");
    if (answer.statusCode !== 200) {
      let body = "";
      for await (const chunk of answer) body += chunk as string;
      const { statusCode: status = 0, headers } = answer;
      throw clusterError(call.attempted, { status, headers, body });
    }
    let rest = "";
    for await (const chunk of answer) {
      const lines = (rest + (chunk as string)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") yield eventOf(line);
    }
  } catch (cause) {
    if (call.signal?.aborted === true) return;
    if (cause instanceof ClusterError) throw cause;
    const error = cause instanceof Error ? cause : new ConnectionError(String(cause));
    throw unreachableError(connection.server, call.attempted, error);
  }
}

function eventOf(line: string): WatchEvent {
  const event = JSON.parse(line) as { type: string; object: ClusterObject };
  if (event.type !== "ERROR") return event as WatchEvent;
  const { code, message } = event.object as { code?: unknown; message?: unknown };
  const expired = code === 410;
  throw new ClusterError(
    expired ? "E_CLUSTER_EXPIRED" : "E_CLUSTER_WATCH",
    `the watch ended: ${String(message)}`,
    typeof code === "number" ? code : 0,
    { hint: "List again and watch from there." },
  );
}
