// A plugin alive on one thread: its VM and root context, kept by the slot in force and by every
// stream that began under it. When the last of them lets go, the root context ends.

import type { Context } from "./context";
import type { Plugin } from "./plugin";
import type { WasmVm } from "./wasm-vm";
import type { Worker } from "./worker";

export class PluginHandle {
  private holders = 0;

  constructor(
    readonly plugin: Plugin,
    readonly vm: WasmVm,
    readonly root: Context,
    private readonly worker: Worker,
  ) {}

  acquire(): this {
    this.holders++;
    return this;
  }

  release(): void {
    if (--this.holders === 0) this.worker.retire(this);
  }
}
