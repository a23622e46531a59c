// One thread of the proxy: its VM, the plugins alive on it, and the plugin in force. The main
// thread is one too: it runs on_configure and on_tick like the others, and serves no requests.

import { opensNewStreams, reloadBackoffMs, type FailurePolicy } from "./failure-policy";
import type { HeaderSet } from "./header-set";
import type { Plugin } from "./plugin";
import { PluginHandle } from "./plugin-handle";
import type { ProxyProcess } from "./proxy-process";
import { Stream } from "./stream";
import type { AttributeValue } from "./stream-info";
import { WasmVm, type VmSettings } from "./wasm-vm";

/** The VM every thread's VM is cloned from; poisoned when a thread cannot start a plugin. */
export interface BaseVm {
  readonly vm: WasmVm;
  readonly settings: VmSettings;
}

export interface WorkerSettings {
  readonly process: ProxyProcess;
  readonly failurePolicy: FailurePolicy;
  readonly reloadBackoffMs: number;
  readonly allowOnHeadersStopIteration: boolean;
}

export class Worker {
  readonly process: ProxyProcess;
  /** Requests that found a dead VM inside its reload back-off. */
  reloadBackoffs = 0;
  reloads = 0;
  private localVm: WasmVm | null = null;
  private localBase: BaseVm | null = null;
  private readonly plugins = new Map<string, PluginHandle>();
  private readonly vmHolders = new Map<WasmVm, number>();
  private current: PluginHandle | null = null;
  private base: BaseVm | null = null;
  private plugin: Plugin | null = null;
  private lastLoadNs = 0;
  private readonly spare: Stream[] = [];

  constructor(
    readonly settings: WorkerSettings,
    /** Index, or -1 for the main thread. */
    readonly index: number,
  ) {
    this.process = settings.process;
  }

  /** The VM of the plugin in force, or null. */
  get vm(): WasmVm | null {
    return this.current?.vm ?? null;
  }

  /** A configuration has been put in force here, whether or not the filter could take it. */
  get configured(): boolean {
    return this.plugin !== null;
  }

  /** Puts a plugin in force: Envoy's slot update on this thread. */
  install(base: BaseVm, plugin: Plugin): void {
    const handle = this.getOrCreate(base, plugin)?.acquire() ?? null;
    const old = this.current;
    this.current = handle;
    this.base = base;
    this.plugin = plugin;
    this.lastLoadNs = this.process.clock.elapsedNs;
    old?.release();
  }

  /** Begins a stream: allocates its context id and decides what a dead VM means for it. */
  beginStream(
    headers: HeaderSet,
    endOfStream: boolean,
    attributes: ReadonlyMap<string, AttributeValue> | null,
  ): Stream {
    const stream = this.spare.pop() ?? new Stream(this);
    const handle = this.current;
    if (handle === null) {
      stream.begin(null, null, attributes);
    } else {
      if (handle.vm.isFailed) this.maybeReload();
      const live = this.current ?? handle;
      const dead = live.vm.isFailed;
      if (dead && opensNewStreams(this.settings.failurePolicy))
        stream.begin(null, null, attributes);
      else stream.begin(live.acquire(), dead ? null : live.vm, attributes);
    }
    if (this.configured) stream.decodeHeaders(headers, endOfStream);
    else stream.answerWithoutConfiguration(headers);
    return stream;
  }

  /** Takes an ended stream for reuse. */
  recycle(stream: Stream): void {
    this.spare.push(stream);
  }

  /** The last holder of a handle is gone. */
  retire(handle: PluginHandle): void {
    if (this.plugins.get(handle.plugin.key) === handle) this.plugins.delete(handle.plugin.key);
    handle.vm.startShutdown(handle.plugin.key);
    this.releaseVm(handle.vm);
  }

  private getOrCreate(base: BaseVm, plugin: Plugin): PluginHandle | null {
    const key = plugin.key;
    const known = this.plugins.get(key);
    if (known !== undefined && this.localBase === base) return known;
    const vm = this.getOrCreateVm(base);
    if (vm === null) return null;
    const handle = this.startPlugin(base, vm, plugin);
    if (handle === null) {
      if (!this.vmHolders.has(vm)) this.dropVm(vm);
      return null;
    }
    this.plugins.set(key, handle);
    this.vmHolders.set(vm, (this.vmHolders.get(vm) ?? 0) + 1);
    return handle;
  }

  private startPlugin(base: BaseVm, vm: WasmVm, plugin: Plugin): PluginHandle | null {
    const root = vm.start(plugin);
    if (root === null) {
      base.vm.fail("StartFailed", "Failed to start thread-local Wasm");
      return null;
    }
    if (!vm.configure(root, plugin)) {
      base.vm.fail("ConfigureFailed", "Failed to configure thread-local Wasm plugin");
      return null;
    }
    return new PluginHandle(plugin, vm, root, this);
  }

  private getOrCreateVm(base: BaseVm): WasmVm | null {
    if (this.localVm !== null && this.localBase === base) return this.localVm;
    const vm = new WasmVm(base.settings, this.index < 0 ? "main" : "worker", this.index);
    if (!vm.initialize()) {
      base.vm.fail("UnableToInitializeCode", "Failed to initialize Wasm code");
      vm.destroy();
      return null;
    }
    this.localVm = vm;
    this.localBase = base;
    vm.onRuntimeError = () => this.forget(vm);
    return vm;
  }

  /** A trap: the VM and its plugins are not to be reused, though streams still hold them. */
  private forget(vm: WasmVm): void {
    if (this.localVm === vm) this.localVm = null;
    for (const [key, handle] of this.plugins) {
      if (handle.vm === vm) this.plugins.delete(key);
    }
  }

  private maybeReload(): void {
    const { failurePolicy, reloadBackoffMs: baseMs } = this.settings;
    if (failurePolicy !== "FAIL_RELOAD" || this.current?.vm.failed !== "RuntimeError") return;
    const backoffMs = reloadBackoffMs(this.process.prng, baseMs);
    const nowNs = this.process.clock.elapsedNs;
    if (Math.floor((nowNs - this.lastLoadNs) / 1e6) < backoffMs) {
      this.reloadBackoffs++;
      return;
    }
    this.lastLoadNs = nowNs;
    const handle = this.getOrCreate(this.base!, this.plugin!);
    if (handle === null || handle.vm.isFailed) return;
    const old = this.current;
    this.current = handle.acquire();
    this.reloads++;
    old.release();
  }

  private releaseVm(vm: WasmVm): void {
    const left = (this.vmHolders.get(vm) ?? 1) - 1;
    if (left > 0) {
      this.vmHolders.set(vm, left);
      return;
    }
    this.vmHolders.delete(vm);
    this.dropVm(vm);
  }

  private dropVm(vm: WasmVm): void {
    if (this.localVm === vm) this.localVm = null;
    vm.destroy();
  }
}
