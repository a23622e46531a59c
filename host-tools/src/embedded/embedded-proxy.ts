// The embedded host's front door: a proxy with worker threads, one filter, and a clock in the
// caller's hand. It stands in for Envoy in replay, training worlds and tests, and for the tool's
// own check of a configuration before a push; it opens no socket and starts no thread.

import { GanglionError } from "../lib/errors";
import type { FailurePolicy } from "./failure-policy";
import { compileGuest, type GuestModule } from "./guest-module";
import { HeaderSet } from "./header-set";
import type { HostLog } from "./host-log";
import type { HttpCallHandler } from "./http-call";
import type { HostCallHook } from "./imports";
import type { Metrics } from "./metrics";
import { configurationBytes, Plugin } from "./plugin";
import { ProxyProcess, type ProcessOptions } from "./proxy-process";
import type { SharedData } from "./shared-data";
import type { HeaderInput, Stream } from "./stream";
import { attributeMap, type Attributes, type AttributeValue } from "./stream-info";
import { WasmVm, type VmSettings } from "./wasm-vm";
import { Worker, type BaseVm, type WorkerSettings } from "./worker";

export interface EmbeddedProxyOptions extends ProcessOptions {
  /** The filter's bytes. */
  readonly wasm: Uint8Array;
  /** Worker threads; default 1. */
  readonly workers?: number;
  /** Default FAIL_CLOSED, as Envoy's. Istio >= 1.25 sends FAIL_OPEN or FAIL_CLOSED. */
  readonly failurePolicy?: FailurePolicy;
  /** FAIL_RELOAD's base back-off; default 1000. */
  readonly reloadBackoffMs?: number;
  readonly rootId?: string;
  readonly pluginName?: string;
  readonly vmId?: string;
  readonly vmConfiguration?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  /** Envoy tries each new configuration in a VM it then throws away; default true. */
  readonly canary?: boolean;
  /** Envoy also runs the filter on its main thread (configure and ticks); default true. */
  readonly mainThread?: boolean;
  readonly allowOnHeadersStopIteration?: boolean;
  /** Property values of every stream, e.g. `{ "xds.cluster_name": "llm" }`. */
  readonly attributes?: Attributes;
  /** Fault injection: an answer for a host call instead of running it. */
  readonly onHostCall?: HostCallHook;
  readonly onHttpCall?: HttpCallHandler;
  /** Share clock, shared data and statistics with other proxies; overrides the process options. */
  readonly process?: ProxyProcess;
}

export interface ConfigureResult {
  readonly status: "accepted" | "unchanged" | "rejected";
  /** Why it was rejected, "" otherwise. */
  readonly reason: string;
}

export interface StreamOptions {
  readonly headers: HeaderInput;
  /** The request has no body; default true. */
  readonly endOfStream?: boolean;
  readonly attributes?: Attributes;
}

export class EmbeddedProxy {
  readonly process: ProxyProcess;
  readonly workers: readonly Worker[];
  /** The main thread, or null when `mainThread` is false. */
  readonly main: Worker | null;
  private settings: VmSettings;
  private guest: GuestModule;
  private base: BaseVm | null = null;
  private readonly canaryResults = new Map<string, boolean>();
  private plugin: Plugin | null = null;
  private readonly attributes: Attributes;
  private readonly attributeMap: ReadonlyMap<string, AttributeValue> | null;

  constructor(private readonly options: EmbeddedProxyOptions) {
    this.process = options.process ?? new ProxyProcess(options);
    this.guest = compileGuest(options.wasm);
    this.settings = this.vmSettings(options);
    const workerSettings: WorkerSettings = {
      process: this.process,
      failurePolicy: options.failurePolicy ?? "FAIL_CLOSED",
      reloadBackoffMs: options.reloadBackoffMs ?? 1_000,
      allowOnHeadersStopIteration: options.allowOnHeadersStopIteration ?? false,
    };
    this.main = options.mainThread === false ? null : new Worker(workerSettings, -1);
    this.workers = Array.from(
      { length: options.workers ?? 1 },
      (_, index) => new Worker(workerSettings, index),
    );
    this.attributes = options.attributes ?? {};
    this.attributeMap = options.attributes === undefined ? null : attributeMap(options.attributes);
  }

  get metrics(): Metrics {
    return this.process.metrics;
  }

  get logs(): HostLog {
    return this.process.log;
  }

  get sharedData(): SharedData {
    return this.process.sharedData;
  }

  /** Moves the virtual clocks; ticks fire at their instants, per VM and root context. */
  advance(ns: number): void {
    this.process.advance(ns);
  }

  /**
   * Pushes a plugin configuration, as ECDS would: canary, main thread, then each worker.
   * @throws GanglionError E_EMBEDDED_LOAD when the module itself cannot be loaded
   */
  configure(configuration: string | Uint8Array): ConfigureResult {
    const { pluginName = "embedded", rootId = "" } = this.options;
    const plugin = new Plugin(pluginName, rootId, configurationBytes(configuration));
    if (this.plugin?.key === plugin.key && this.base?.settings === this.settings) {
      return { status: "unchanged", reason: "" };
    }
    const base = this.takeBase();
    if (base === null) return rejected("Failed to initialize Wasm code");
    if (this.options.canary !== false) {
      const reason = this.tryCanary(plugin);
      if (reason !== "") return this.rejectedBy(base, reason);
    }
    if (base.vm.isFailed)
      return this.rejectedBy(base, `the base VM is poisoned: ${base.vm.failure}`);
    const old = this.base;
    this.base = base;
    this.plugin = plugin;
    this.main?.install(base, plugin);
    for (const worker of this.workers) worker.install(base, plugin);
    if (old !== null && old !== base) old.vm.destroy();
    this.process.advance(0);
    return { status: "accepted", reason: "" };
  }

  /** New code or VM settings: the next configure makes new VMs; shared data stays. */
  replaceVm(
    change: Pick<EmbeddedProxyOptions, "environment" | "vmConfiguration"> & { wasm?: Uint8Array },
  ): void {
    if (change.wasm !== undefined) this.guest = compileGuest(change.wasm);
    this.settings = this.vmSettings({ ...this.options, ...change });
    this.canaryResults.clear();
  }

  /** Sends a request into a worker and runs its headers through the filter. */
  stream(worker: number, options: StreamOptions): Stream {
    const { headers, endOfStream = true, attributes } = options;
    const set = headers instanceof HeaderSet ? headers : HeaderSet.compile("request", headers);
    const merged =
      attributes === undefined
        ? this.attributeMap
        : attributeMap({ ...this.attributes, ...attributes });
    return this.workerAt(worker).beginStream(set, endOfStream, merged);
  }

  /** `stream` without an options object, for millions of requests. */
  begin(worker: number, headers: HeaderSet, endOfStream: boolean): Stream {
    return this.workerAt(worker).beginStream(headers, endOfStream, this.attributeMap);
  }

  private workerAt(index: number): Worker {
    const worker = this.workers[index];
    if (worker !== undefined) return worker;
    throw new GanglionError(
      "E_EMBEDDED_WORKER",
      `worker ${index} does not exist: this proxy has ${this.workers.length}`,
    );
  }

  private vmSettings(options: EmbeddedProxyOptions): VmSettings {
    return {
      process: this.process,
      guest: this.guest,
      vmId: options.vmId ?? "",
      vmConfiguration: configurationBytes(options.vmConfiguration ?? ""),
      environment: options.environment ?? {},
      attributes: attributeMap(options.attributes ?? {}),
      hook: options.onHostCall,
      onHttpCall: options.onHttpCall,
    };
  }

  private takeBase(): BaseVm | null {
    if (this.base !== null && this.base.settings === this.settings) return this.base;
    const vm = new WasmVm(this.settings, "base", -1);
    if (!vm.initialize()) {
      vm.destroy();
      return null;
    }
    return { vm, settings: this.settings };
  }

  private rejectedBy(base: BaseVm, reason: string): ConfigureResult {
    if (base !== this.base) {
      base.vm.destroy();
      this.canaryResults.clear();
    }
    return rejected(reason);
  }

  /** @returns "" when the configuration passed, else the reason */
  private tryCanary(plugin: Plugin): string {
    const known = this.canaryResults.get(plugin.key);
    if (known !== undefined) return known ? "" : "Failed to configure base Wasm plugin (cached)";
    const canary = new WasmVm(this.settings, "canary", -1);
    try {
      if (!canary.initialize()) return "Failed to initialize Wasm code";
      const root = canary.start(plugin);
      if (root === null) return "Failed to start base Wasm";
      const ok = canary.configure(root, plugin);
      this.canaryResults.set(plugin.key, ok);
      return ok ? "" : "Failed to configure base Wasm plugin";
    } finally {
      canary.destroy();
    }
  }
}

function rejected(reason: string): ConfigureResult {
  return { status: "rejected", reason };
}
