// Shared data and shared queues: one per process, scoped by vm_id, outliving any single VM. In
// Envoy a mutex guards them; here workers take turns, so a compare-and-swap conflict happens only
// where the test lets another worker in between.

import { WasmResult } from "./abi";

interface Entry {
  bytes: Uint8Array;
  cas: number;
}

/** The queue's owner: told on its own thread that a message is waiting. */
export interface QueueOwner {
  queueReady(contextId: number, token: number): void;
}

interface Queue {
  owner: QueueOwner;
  contextId: number;
  readonly messages: Uint8Array[];
}

export class SharedData {
  private readonly spaces = new Map<string, Map<string, Entry>>();
  private nextCas = 1;

  /** The live entry; its bytes must be copied before anything else runs. */
  find(vmId: string, key: string): Entry | undefined {
    return this.spaces.get(vmId)?.get(key);
  }

  /** @param cas 0 sets unconditionally; an absent key takes any token, as in Envoy */
  set(vmId: string, key: string, bytes: Uint8Array, cas: number): WasmResult {
    let space = this.spaces.get(vmId);
    if (space === undefined) this.spaces.set(vmId, (space = new Map<string, Entry>()));
    const entry = space.get(key);
    if (entry === undefined) {
      space.set(key, { bytes: bytes.slice(), cas: this.takeCas() });
      return WasmResult.Ok;
    }
    if (cas !== 0 && cas !== entry.cas) return WasmResult.CasMismatch;
    if (entry.bytes.length === bytes.length) entry.bytes.set(bytes);
    else entry.bytes = bytes.slice();
    entry.cas = this.takeCas();
    return WasmResult.Ok;
  }

  /** A copy of one value, for tests and tools. */
  get(key: string, vmId = ""): Uint8Array | undefined {
    return this.find(vmId, key)?.bytes.slice();
  }

  keys(vmId = ""): string[] {
    return [...(this.spaces.get(vmId)?.keys() ?? [])];
  }

  /** What happens when the last VM of a vm_id is gone. */
  deleteVmId(vmId: string): void {
    this.spaces.delete(vmId);
  }

  private takeCas(): number {
    const cas = this.nextCas;
    this.nextCas = this.nextCas === 0xffff_ffff ? 1 : this.nextCas + 1;
    return cas;
  }
}

export class SharedQueues {
  private readonly tokens = new Map<string, number>();
  private readonly queues = new Map<number, Queue>();
  private readonly ready: { queue: Queue; token: number }[] = [];
  private nextToken = 1;

  /** Registering again moves the queue to the new owner and keeps its messages. */
  register(vmId: string, name: string, owner: QueueOwner, contextId: number): number {
    const key = `${vmId}\0${name}`;
    let token = this.tokens.get(key);
    if (token === undefined) this.tokens.set(key, (token = this.nextToken++));
    const messages = this.queues.get(token)?.messages ?? [];
    this.queues.set(token, { owner, contextId, messages });
    return token;
  }

  /** @returns the token, 0 when nobody registered the queue */
  resolve(vmId: string, name: string): number {
    return this.tokens.get(`${vmId}\0${name}`) ?? 0;
  }

  enqueue(token: number, bytes: Uint8Array): WasmResult {
    const queue = this.queues.get(token);
    if (queue === undefined) return WasmResult.NotFound;
    queue.messages.push(bytes.slice());
    this.ready.push({ queue, token });
    return WasmResult.Ok;
  }

  dequeue(token: number): Uint8Array | typeof WasmResult.NotFound | typeof WasmResult.Empty {
    const queue = this.queues.get(token);
    if (queue === undefined) return WasmResult.NotFound;
    return queue.messages.shift() ?? WasmResult.Empty;
  }

  /** Runs the owners' callbacks that were posted; called when no guest code is on the stack. */
  deliver(): void {
    for (let note = this.ready.shift(); note !== undefined; note = this.ready.shift()) {
      note.queue.owner.queueReady(note.queue.contextId, note.token);
    }
  }

  get hasReady(): boolean {
    return this.ready.length > 0;
  }
}
