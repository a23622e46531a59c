// One VM: an instance of the guest, its contexts, and the rules for calling in and out of it. The
// method names and the order of things follow Envoy's host, because what is tested here is often
// exactly that order.

import { type GuestModule } from "./guest-module";
import { Context } from "./context";
import { GuestMemory } from "./guest-memory";
import { GuestTrap, hostCrash, isGuestTrap, loadError } from "./host-fault";
import { linkImports, type HostCallHook } from "./imports";
import { LOG_LEVEL_NAMES } from "./abi";
import { Metric } from "./metrics";
import type { HttpCallHandler } from "./http-call";
import { mayCallInMalloc, mayCallInStart } from "./restricted-calls";
import { Plugin } from "./plugin";
import type { ProxyProcess } from "./proxy-process";
import type { AttributeValue } from "./stream-info";

export type VmRole = "base" | "canary" | "main" | "worker";

export interface VmSettings {
  readonly process: ProxyProcess;
  readonly guest: GuestModule;
  readonly vmId: string;
  readonly vmConfiguration: Uint8Array;
  readonly environment: Readonly<Record<string, string>>;
  /** Property values of the whole process; a root context reads xds.node from them. */
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  readonly hook: HostCallHook | undefined;
  readonly onHttpCall: HttpCallHandler | undefined;
}

export type FailReason =
  "none" | "RuntimeError" | "UnableToInitializeCode" | "StartFailed" | "ConfigureFailed";

type Guest = (...args: number[]) => number;

const Restriction = { none: 0, start: 1, malloc: 2, link: 3 } as const;

export class WasmVm {
  readonly process: ProxyProcess;
  readonly label: string;
  readonly rank: number;
  readonly vmContext = new Context(null);
  readonly contexts = new Map<number, Context>();
  readonly rootContexts = new Map<string, Context>();
  readonly pendingDone = new Map<string, Context>();
  /** Definitions of this VM by id; ids step by 4 and keep the type in their low bits. */
  readonly metrics: (Metric | undefined)[] = [];
  readonly nextMetricId = [0, 1, 2];
  memory!: GuestMemory;
  failed: FailReason = "none";
  /** The last failure's message, "" while there is none. */
  failure = "";
  onRuntimeError: (() => void) | undefined;
  current: Context = this.vmContext;
  effective: Context | null = null;
  stopIteration = false;
  nextHttpCallId = 0;
  private restriction: number = Restriction.none;
  private readonly after: (() => void)[] = [];
  private readonly tickPeriodsNs = new Map<number, number>();
  private nextContextId = 1;
  private malloc!: Guest;
  private exported!: Record<string, Guest | undefined>;

  // Callbacks, null when the guest does not export them.
  onContextCreate: Guest | null = null;
  onVmStart: Guest | null = null;
  onConfigure: Guest | null = null;
  onTick: Guest | null = null;
  onRequestHeaders: Guest | null = null;
  onRequestBody: Guest | null = null;
  onRequestTrailers: Guest | null = null;
  onResponseHeaders: Guest | null = null;
  onResponseBody: Guest | null = null;
  onResponseTrailers: Guest | null = null;
  onHttpCallResponse: Guest | null = null;
  onQueueReady: Guest | null = null;
  onDone: Guest | null = null;
  onLog: Guest | null = null;
  onDelete: Guest | null = null;

  constructor(
    readonly settings: VmSettings,
    readonly role: VmRole,
    readonly worker: number,
  ) {
    this.process = settings.process;
    this.label = role === "worker" ? `worker ${worker}` : role;
    this.rank = this.process.takeRank();
    this.contexts.set(0, this.vmContext);
  }

  get isFailed(): boolean {
    return this.failed !== "none";
  }

  /** Instantiates the guest and runs `_initialize`; false when that traps. */
  initialize(): boolean {
    const { guest, vmId } = this.settings;
    const imports = linkImports(this, guest, this.settings.hook);
    this.restriction = Restriction.link;
    let instance: WebAssembly.Instance;
    try {
      instance = new WebAssembly.Instance(guest.module, imports);
    } catch (error) {
      if (isGuestTrap(error)) {
        throw loadError(`the module's start section trapped: ${error.message}`);
      }
      if (error instanceof WebAssembly.LinkError) throw loadError(error.message);
      throw error;
    } finally {
      this.restriction = Restriction.none;
    }
    this.process.holdVmId(vmId);
    this.exported = instance.exports as unknown as Record<string, Guest | undefined>;
    this.memory = new GuestMemory(instance.exports.memory as WebAssembly.Memory);
    this.malloc = (this.exported.malloc ?? this.exported.proxy_on_memory_allocate)!;
    this.findCallbacks();
    this.restriction = Restriction.start;
    const start = this.exported._initialize ?? this.exported._start ?? null;
    if (start !== null) this.call(start, "_initialize", this.vmContext);
    this.restriction = Restriction.none;
    return !this.isFailed;
  }

  private findCallbacks(): void {
    const find = (name: string): Guest | null => this.exported[`proxy_${name}`] ?? null;
    this.onContextCreate = find("on_context_create");
    this.onVmStart = find("on_vm_start");
    this.onConfigure = find("on_configure");
    this.onTick = find("on_tick");
    this.onRequestHeaders = find("on_request_headers");
    this.onRequestBody = find("on_request_body");
    this.onRequestTrailers = find("on_request_trailers");
    this.onResponseHeaders = find("on_response_headers");
    this.onResponseBody = find("on_response_body");
    this.onResponseTrailers = find("on_response_trailers");
    this.onHttpCallResponse = find("on_http_call_response");
    this.onQueueReady = find("on_queue_ready");
    this.onDone = find("on_done");
    this.onLog = find("on_log");
    this.onDelete = find("on_delete");
  }

  // --- calling in ---------------------------------------------------------------------------

  /** Calls the guest; a trap marks the VM as failed and answers 0. */
  call(f: Guest, name: string, context: Context, a = 0, b = 0, c = 0, d = 0, e = 0): number {
    const savedCurrent = this.current;
    const savedEffective = this.effective;
    this.current = context;
    this.effective = null;
    let result = 0;
    try {
      result = f(a, b, c, d, e);
    } catch (error) {
      this.trapped(name, error);
    }
    this.current = savedCurrent;
    this.effective = savedEffective;
    return result;
  }

  /** What Envoy does when the outermost call has returned. */
  afterCall(): void {
    this.stopIteration = false;
    const after = this.after;
    while (after.length > 0) after.shift()!();
  }

  /** Defers an action to the end of the callback that is running. */
  deferAction(action: () => void): void {
    this.after.push(action);
  }

  private trapped(name: string, error: unknown): void {
    if (!isGuestTrap(error)) throw error;
    this.fail("RuntimeError", `Function: ${name} failed: Uncaught RuntimeError: ${error.message}`);
  }

  fail(reason: FailReason, message: string): void {
    this.failed = reason;
    this.failure = message;
    this.logFromHost(message);
    if (reason === "RuntimeError") this.onRuntimeError?.();
  }

  // --- calling out --------------------------------------------------------------------------

  /** First line of every host call: checks that it is allowed now and renews the memory views. */
  enter(name: string): GuestMemory {
    if (this.restriction !== Restriction.none) this.checkRestriction(name);
    const memory = this.memory;
    if (memory.u8.length === 0) memory.refresh();
    return memory;
  }

  /** The context a host call acts for. */
  context(): Context {
    return this.effective ?? this.current;
  }

  private checkRestriction(name: string): void {
    if (this.restriction === Restriction.link) {
      throw hostCrash(
        `the module called ${name} from its wasm start section, which crashes Envoy`,
        "Compile with --exportStart _initialize.",
      );
    }
    const allowed = this.restriction === Restriction.start ? mayCallInStart : mayCallInMalloc;
    if (!allowed(name)) throw new GuestTrap("restricted_callback");
  }

  /** Guest memory for `size` bytes; 0 when the guest has none or traps. Views may have moved. */
  allocate(size: number): number {
    this.restriction = Restriction.malloc;
    const at = this.call(this.malloc, "malloc", this.vmContext, size) >>> 0;
    this.restriction = Restriction.none;
    if (at === 0) return 0;
    const memory = this.memory;
    if (memory.u8.length === 0) memory.refresh();
    return memory.has(at, size) ? at : 0;
  }

  // --- contexts -----------------------------------------------------------------------------

  register(context: Context): void {
    let id = this.nextContextId;
    while (this.contexts.has(id)) id = (id + 1) >>> 0;
    this.nextContextId = (id + 1) >>> 0;
    context.id = id;
    this.contexts.set(id, context);
  }

  /** Envoy's start: makes the root context of a plugin; null when on_vm_start says no. */
  start(plugin: Plugin): Context | null {
    const known = this.rootContexts.get(plugin.key);
    if (known !== undefined) {
      this.startRoot(known, plugin);
      return known;
    }
    const root = new Context(null);
    root.plugin = plugin;
    this.register(root);
    this.rootContexts.set(plugin.key, root);
    return this.startRoot(root, plugin) ? root : null;
  }

  private startRoot(root: Context, plugin: Plugin): boolean {
    if (this.onContextCreate !== null) {
      root.tempPlugin = plugin;
      this.call(this.onContextCreate, "proxy_on_context_create", root, root.id, 0);
      root.created = true;
      root.tempPlugin = null;
    }
    let started = true;
    if (this.onVmStart !== null) {
      const size = this.settings.vmConfiguration.length;
      started = this.call(this.onVmStart, "proxy_on_vm_start", root, root.id, size) !== 0;
    }
    this.afterCall();
    return started;
  }

  configure(root: Context, plugin: Plugin): boolean {
    if (this.isFailed) return true;
    root.created = true;
    if (this.onConfigure === null) return true;
    root.tempPlugin = plugin;
    const size = plugin.configuration.length;
    const ok = this.call(this.onConfigure, "proxy_on_configure", root, root.id, size) !== 0;
    root.tempPlugin = null;
    this.afterCall();
    return ok;
  }

  /** The last holder of a plugin let go: its root context ends. */
  startShutdown(pluginKey: string): void {
    const root = this.rootContexts.get(pluginKey);
    if (root === undefined) return;
    this.rootContexts.delete(pluginKey);
    if (this.contextDone(root)) this.deleteRoot(root);
    else this.pendingDone.set(pluginKey, root);
  }

  /** proxy_done: a root that answered "not yet" is now finished. */
  finish(root: Context): boolean {
    const key = root.plugin?.key ?? "";
    if (this.pendingDone.get(key) !== root) return false;
    this.pendingDone.delete(key);
    this.deferAction(() => this.deleteRoot(root));
    return true;
  }

  contextDone(context: Context): boolean {
    if (this.isFailed || this.onDone === null) return true;
    const done = this.call(this.onDone, "proxy_on_done", context, context.id) !== 0;
    this.afterCall();
    return done;
  }

  contextDelete(context: Context): void {
    if (!context.created || this.isFailed || this.onDelete === null) return;
    this.call(this.onDelete, "proxy_on_delete", context, context.id);
    this.afterCall();
  }

  private deleteRoot(root: Context): void {
    this.contextDelete(root);
    this.contexts.delete(root.id);
  }

  // --- time and queues ----------------------------------------------------------------------

  setTickPeriod(root: Context, periodMs: number): void {
    this.tickPeriodsNs.set(root.id, periodMs * 1e6);
    this.process.clock.setTimer(this, root.id, periodMs * 1e6);
  }

  /** The clock's wake-up for one root context; the timer re-arms after the callback. */
  tick(contextId: number): void {
    if (this.onTick === null) return;
    const root = this.contexts.get(contextId);
    if (root !== undefined && !this.isFailed) {
      this.call(this.onTick, "proxy_on_tick", root, contextId);
      this.afterCall();
    }
    this.process.clock.setTimer(this, contextId, this.tickPeriodsNs.get(contextId) ?? 0);
  }

  queueReady(contextId: number, token: number): void {
    const root = this.contexts.get(contextId);
    if (root === undefined || this.isFailed || this.onQueueReady === null) return;
    this.call(this.onQueueReady, "proxy_on_queue_ready", root, contextId, token);
    this.afterCall();
  }

  /** The VM is gone: no callback runs, its timers stop, its hold on shared data ends. */
  destroy(): void {
    this.process.clock.removeTimers(this);
    this.process.releaseVmId(this.settings.vmId);
  }

  // --- log ----------------------------------------------------------------------------------

  logFromGuest(level: number, message: string): void {
    this.addLine(level, message, false);
  }

  private logFromHost(message: string): void {
    this.addLine(4, message, true);
  }

  private addLine(level: number, message: string, fromHost: boolean): void {
    const { process, label: vm, worker } = this;
    if (level < process.logLevel) return;
    const atNs = process.clock.elapsedNs;
    process.log.add({ level: LOG_LEVEL_NAMES[level]!, message, vm, worker, fromHost, atNs });
  }
}
