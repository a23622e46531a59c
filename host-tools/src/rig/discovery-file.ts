// A file-based discovery resource. Envoy watches the folder of a `path_config_source` and reloads
// when a file is MOVED onto that path (inotify IN_MOVED_TO); it does not react to a write in place,
// which it could read half done. So the new content is written beside it and renamed.

import { renameSync, writeFileSync } from "node:fs";
import type { TypedConfig } from "./bootstrap";

const EXTENSION_TYPE = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";

/** One HTTP filter's configuration as an ECDS resource; `name` is the filter's. */
export function extensionResource(name: string, typedConfig: TypedConfig): TypedConfig {
  return { "@type": EXTENSION_TYPE, name, typed_config: typedConfig };
}

/** Envoy's counter of configurations taken by a discovered filter; wait for it to go up. */
export function discoveryReloadStat(filterName: string): string {
  return `extension_config_discovery.http_filter.${filterName}.config_reload`;
}

let versionCount = 0;

/** Replaces the file atomically with a response that holds these resources. */
export function writeDiscoveryFile(path: string, resources: readonly TypedConfig[]): void {
  const response = { version_info: String(++versionCount), resources };
  const beside = `${path}.next`;
  writeFileSync(beside, `${JSON.stringify(response)}\n`);
  renameSync(beside, path);
}
