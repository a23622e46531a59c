// Links a guest's imports. The list comes from the module, not from us, so that an import nobody
// provides is named in one clear error, as Envoy's loader does, instead of a LinkError.

import type { Context } from "./context";
import type { GuestModule } from "./guest-module";
import { bodyImports } from "./imports-body";
import { headerImports } from "./imports-headers";
import { metricImports } from "./imports-metrics";
import { sharedImports } from "./imports-shared";
import { streamImports } from "./imports-stream";
import { systemImports } from "./imports-system";
import { loadError } from "./host-fault";
import { hostSignature } from "./import-signatures";
import { wasiImports } from "./wasi";
import type { WasmVm } from "./wasm-vm";

/** A host function as the engine calls it: i32 as number, i64 as bigint. */
export type HostFunction = (...args: never[]) => number | void;
export type HostFunctions = Record<string, HostFunction>;

/**
 * Fault injection: what a host call answers instead of running. Undefined lets it run.
 * @param name the import, e.g. "proxy_get_shared_data"
 */
export type HostCallHook = (name: string, context: Context) => number | undefined;

/** @throws GanglionError E_EMBEDDED_LOAD naming the first import that the host does not have */
export function linkImports(
  vm: WasmVm,
  guest: GuestModule,
  hook: HostCallHook | undefined,
): WebAssembly.Imports {
  const available = hostFunctions(vm, guest);
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module, name, kind } of WebAssembly.Module.imports(guest.module)) {
    const found = kind === "function" ? available[module]?.[name] : undefined;
    if (found === undefined) {
      throw loadError(
        `missing import: ${module}.${name} (${kind})`,
        "Envoy has no such import under ABI 0.2.x; remove the call or compile it away.",
      );
    }
    checkSignature(guest, module, name);
    const linked = hook === undefined ? found : hooked(vm, name, found, hook);
    (imports[module] ??= {})[name] = linked as WebAssembly.ImportValue;
  }
  return imports;
}

function checkSignature(guest: GuestModule, module: string, name: string): void {
  const declared = guest.signatures.get(`${module}.${name}`);
  const provided = hostSignature(name);
  if (declared === undefined || provided === undefined || declared === provided) return;
  throw loadError(
    `import type mismatch: ${module}.${name}, want: ${declared}, but host exports: ${provided}`,
    "Declare the host call with the ABI's parameters.",
  );
}

/** Every import the host provides, by module. */
function hostFunctions(vm: WasmVm, guest: GuestModule): Record<string, HostFunctions> {
  const wasi = wasiImports(vm);
  const env: HostFunctions = {
    ...systemImports(vm, guest.abiVersion),
    ...streamImports(vm),
    ...headerImports(vm),
    ...bodyImports(vm),
    ...sharedImports(vm),
    ...metricImports(vm),
  };
  return { env, wasi_snapshot_preview1: wasi, wasi_unstable: wasi };
}

function hooked(
  vm: WasmVm,
  name: string,
  real: HostFunction,
  hook: HostCallHook,
): (...args: never[]) => number | void {
  return (...args) => hook(name, vm.context()) ?? real(...args);
}
