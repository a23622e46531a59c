// The child's side of child-program.ts: answers calls, sends events, and ends when the parent does.

import type { CallMessage, ChildMessage } from "./child-program";

/** What a child program offers: a method gets the call's argument and returns the answer. */
export type ChildMethods = Readonly<Record<string, (argument: never) => unknown>>;

/** Sends an event to the parent; dropped if the parent is gone. */
export function emitToParent(event: string, value: unknown): void {
  send({ event, value });
}

/** Serves calls until the channel closes, then exits: a parent that is gone needs no answers. */
export function serveParent(methods: ChildMethods): void {
  process.on("disconnect", () => process.exit(0));
  process.on("message", (message) => void answer(methods, message as CallMessage));
}

async function answer(methods: ChildMethods, call: CallMessage): Promise<void> {
  try {
    const method = methods[call.method];
    if (!method) throw new Error(`no method ${call.method}`);
    send({ id: call.id, result: await method(call.argument as never) });
  } catch (error) {
    send({ id: call.id, failure: error instanceof Error ? error.message : String(error) });
  }
}

function send(message: ChildMessage): void {
  if (process.connected) process.send?.(message);
}
