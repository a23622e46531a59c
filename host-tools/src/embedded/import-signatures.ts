// The types of a module's imports. The JavaScript API shows only names, but Envoy compares types as
// well and refuses a module that declares a host call wrongly, so they are read from the bytes.

import { Leb, SectionReader } from "./wasm-binary";

const TYPE_SECTION = 1;
const IMPORT_SECTION = 2;
const FUNCTION_FORM = 0x60;
const VALUE_TYPES: Readonly<Record<number, string>> = {
  0x7f: "i32",
  0x7e: "i64",
  0x7d: "f32",
  0x7c: "f64",
};

/** `module.name` to `i32 i64 -> i32`; empty for type forms this reader does not know. */
export function importSignatures(bytes: Uint8Array): ReadonlyMap<string, string> {
  const signatures = new Map<string, string>();
  const sections = new SectionReader(bytes);
  let types: string[] = [];
  for (let s = sections.next(); s !== undefined; s = sections.next()) {
    const reader = new Leb(bytes, s.start);
    if (s.id === TYPE_SECTION) types = readTypes(reader, bytes);
    if (s.id !== IMPORT_SECTION) continue;
    const count = reader.u32();
    for (let i = 0; i < count; i++) {
      const key = `${reader.name()}.${reader.name()}`;
      if (reader.u32() !== 0) break;
      const type = types[reader.u32()];
      if (type !== undefined) signatures.set(key, type);
    }
  }
  return signatures;
}

function readTypes(reader: Leb, bytes: Uint8Array): string[] {
  const types: string[] = [];
  const count = reader.u32();
  for (let i = 0; i < count; i++) {
    if (bytes[reader.at++] !== FUNCTION_FORM) return [];
    types.push(`${readValues(reader, bytes)} -> ${readValues(reader, bytes)}`.trim());
  }
  return types;
}

function readValues(reader: Leb, bytes: Uint8Array): string {
  const names: string[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    names.push(VALUE_TYPES[bytes[reader.at++] ?? 0] ?? "other");
  }
  return names.join(" ");
}

/** Parameters of the host calls: `i` is i32 and `I` is i64; all answer an i32 unless said below. */
const PARAMETERS: Readonly<Record<string, string>> = {
  proxy_log: "iii",
  proxy_get_log_level: "i",
  proxy_get_status: "iii",
  proxy_set_property: "iiii",
  proxy_get_property: "iiii",
  proxy_send_local_response: "iiiiiiii",
  proxy_continue_stream: "i",
  proxy_close_stream: "i",
  proxy_get_shared_data: "iiiii",
  proxy_set_shared_data: "iiiii",
  proxy_register_shared_queue: "iii",
  proxy_resolve_shared_queue: "iiiii",
  proxy_dequeue_shared_queue: "iii",
  proxy_enqueue_shared_queue: "iii",
  proxy_get_header_map_value: "iiiii",
  proxy_add_header_map_value: "iiiii",
  proxy_replace_header_map_value: "iiiii",
  proxy_remove_header_map_value: "iii",
  proxy_get_header_map_pairs: "iii",
  proxy_set_header_map_pairs: "iii",
  proxy_get_header_map_size: "ii",
  proxy_get_buffer_status: "iii",
  proxy_get_buffer_bytes: "iiiii",
  proxy_set_buffer_bytes: "iiiii",
  proxy_http_call: "iiiiiiiiii",
  proxy_grpc_call: "iiiiiiiiiiii",
  proxy_grpc_stream: "iiiiiiiii",
  proxy_grpc_close: "i",
  proxy_grpc_cancel: "i",
  proxy_grpc_send: "iiii",
  proxy_set_tick_period_milliseconds: "i",
  proxy_get_current_time_nanoseconds: "i",
  proxy_define_metric: "iiii",
  proxy_increment_metric: "iI",
  proxy_record_metric: "iI",
  proxy_get_metric: "ii",
  proxy_set_effective_context: "i",
  proxy_done: "",
  proxy_call_foreign_function: "iiiiii",
  clock_time_get: "iIi",
  clock_res_get: "ii",
  random_get: "ii",
  fd_write: "iiii",
  environ_get: "ii",
  environ_sizes_get: "ii",
  args_get: "ii",
  args_sizes_get: "ii",
};

/** The host's type of an import, or undefined where the host does not compare. */
export function hostSignature(name: string): string | undefined {
  const parameters = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined;
  if (parameters === undefined) return name === "proc_exit" ? "i32 ->" : undefined;
  const names = [...parameters].map((letter) => (letter === "I" ? "i64" : "i32"));
  return `${names.join(" ")} -> i32`.trim();
}
