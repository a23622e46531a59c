// The typed configuration of Envoy's Wasm HTTP filter, fixed in the listener or delivered by ECDS.
// ECDS from a file is how a test pushes new weights to a running Envoy: rewrite the file, and Envoy
// swaps the filter's configuration without touching the listener or the requests in flight.

import type { HttpFilter, TypedConfig } from "./bootstrap";

export const WASM_TYPE = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
const STRING_TYPE = "type.googleapis.com/google.protobuf.StringValue";

export interface WasmFilterSpec {
  /** Plugin name; prefix of some of Envoy's own counters. */
  readonly name: string;
  /** Reaches the module as plugin_root_id. */
  readonly rootId?: string;
  /** Path of the .wasm as Envoy sees it. */
  readonly wasmPath: string;
  /** Same id and same bytes: same VM and same shared data. Default: none, as Istio does. */
  readonly vmId?: string;
  /** Reaches proxy_on_configure byte for byte. */
  readonly configurationJson?: string;
  /** Visible to the module as environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The `typed_config` alone: what a discovery file carries. */
export function wasmTypedConfig(spec: WasmFilterSpec): TypedConfig {
  return {
    "@type": WASM_TYPE,
    config: {
      name: spec.name,
      ...(spec.rootId === undefined ? {} : { root_id: spec.rootId }),
      failure_policy: "FAIL_OPEN",
      vm_config: {
        ...(spec.vmId === undefined ? {} : { vm_id: spec.vmId }),
        runtime: "envoy.wasm.runtime.v8",
        code: { local: { filename: spec.wasmPath } },
        ...(spec.env ? { environment_variables: { key_values: { ...spec.env } } } : {}),
      },
      ...(spec.configurationJson === undefined
        ? {}
        : { configuration: { "@type": STRING_TYPE, value: spec.configurationJson } }),
    },
  };
}

/** The filter with its configuration in the listener. */
export function wasmFilter(spec: WasmFilterSpec): HttpFilter {
  return { name: spec.name, typed_config: wasmTypedConfig(spec) };
}

/**
 * The filter with its configuration in a discovery file (discovery-file.ts). The file must
 * exist when Envoy starts: the listener waits for it.
 */
export function discoveredWasmFilter(name: string, discoveryPath: string): HttpFilter {
  return {
    name,
    config_discovery: {
      config_source: {
        resource_api_version: "V3",
        path_config_source: { path: discoveryPath },
      },
      type_urls: [WASM_TYPE],
    },
  };
}
