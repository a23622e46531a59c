// The module's bytes, checked as Envoy's loader checks them and compiled once for all VMs. The 1
// GiB memory cap is an engine flag in Envoy; here it is written into the module's memory limits,
// because an engine flag would change every other module of this process.

import { MAX_MEMORY_PAGES } from "./abi";
import { loadError } from "./host-fault";
import { importSignatures } from "./import-signatures";
import { Leb, leb, SectionReader } from "./wasm-binary";

const MEMORY_SECTION = 5;

export interface GuestModule {
  readonly module: WebAssembly.Module;
  readonly abiVersion: "0.2.0" | "0.2.1";
  /** `module.name` of every imported function to its type, e.g. `i32 i64 -> i32`. */
  readonly signatures: ReadonlyMap<string, string>;
}

/**
 * Compiles and checks a filter module.
 * @throws GanglionError E_EMBEDDED_LOAD for what Envoy would refuse to load
 */
export function compileGuest(bytes: Uint8Array): GuestModule {
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(capMemory(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw loadError(`the module does not compile: ${reason}`);
  }
  const exported = new Map(WebAssembly.Module.exports(module).map((e) => [e.name, e.kind]));
  const abiVersion = abiVersionOf(exported);
  if (exported.get("memory") !== "memory") {
    throw loadError("the module exports no memory", "Proxy-Wasm needs the export `memory`.");
  }
  if (!exported.has("malloc") && !exported.has("proxy_on_memory_allocate")) {
    throw loadError(
      "the module exports neither malloc nor proxy_on_memory_allocate",
      "The host writes every returned value into memory it gets from one of them.",
    );
  }
  return { module, abiVersion, signatures: importSignatures(bytes) };
}

function abiVersionOf(exported: ReadonlyMap<string, string>): "0.2.0" | "0.2.1" {
  if (exported.has("proxy_abi_version_0_2_1")) return "0.2.1";
  if (exported.has("proxy_abi_version_0_2_0")) return "0.2.0";
  throw loadError(
    "the module exports no known Proxy-Wasm ABI version",
    "Export a function proxy_abi_version_0_2_1.",
  );
}

/** Rewrites the first memory's limits so that it cannot grow beyond Envoy's cap. */
function capMemory(bytes: Uint8Array): Uint8Array {
  const sections = new SectionReader(bytes);
  for (let s = sections.next(); s !== undefined; s = sections.next()) {
    if (s.id !== MEMORY_SECTION) continue;
    const body = new Leb(bytes, s.start);
    const count = body.u32();
    const flags = body.u32();
    const minimum = body.u32();
    if (count !== 1 || (flags & ~1) !== 0) return bytes;
    if (minimum > MAX_MEMORY_PAGES) {
      throw loadError(
        `the module starts with ${minimum} memory pages, above the ${MAX_MEMORY_PAGES} (1 GiB)`,
      );
    }
    const maximum = flags === 1 ? body.u32() : Infinity;
    if (maximum <= MAX_MEMORY_PAGES) return bytes;
    const content = [...leb(1), ...leb(1), ...leb(minimum), ...leb(MAX_MEMORY_PAGES)];
    const section = Uint8Array.from([MEMORY_SECTION, ...leb(content.length), ...content]);
    const capped = new Uint8Array(bytes.length - (s.end - s.header) + section.length);
    capped.set(bytes.subarray(0, s.header), 0);
    capped.set(section, s.header);
    capped.set(bytes.subarray(s.end), s.header + section.length);
    return capped;
  }
  return bytes;
}
