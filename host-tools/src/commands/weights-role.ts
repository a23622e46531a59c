// `ganglion weights role`: the least that a pusher needs, to be applied once by an administrator.

import { ExitCode } from "../lib/errors";
import { writeOutput } from "../lib/output";
import { yamlStream, yamlText } from "../istio/yaml-text";
import { roleObjects } from "../weights/role";

export interface RoleOptions {
  readonly namespace: string;
  readonly name: string;
  readonly kind: "wasmplugin" | "trafficextension";
  readonly account?: string;
  readonly through: "direct" | "apiserver" | "none";
}

export async function runWeightsRole(options: RoleOptions): Promise<ExitCode> {
  const kind = options.kind === "wasmplugin" ? "WasmPlugin" : "TrafficExtension";
  const objects = roleObjects({ ...options, kind });
  await writeOutput(yamlStream(objects.map(yamlText)), undefined);
  return ExitCode.ok;
}
