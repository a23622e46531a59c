// What a control plane and its proxies count of configuration that was refused.

import { expect } from "vitest";
import { httpGet } from "../../../host-tools/src/rig";
import type { Mesh, Proxy } from "../rig";

/** What istiod counts of refused updates, over all proxies. */
export async function xdsRejects(mesh: Mesh): Promise<number> {
  const { body } = await httpGet(mesh.istiod.monitoringPort, "/metrics");
  const values = [...body.matchAll(/^pilot_total_xds_rejects(?:\{[^}]*\})? (\S+)$/gm)];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}

/** Envoy's own counters of refused updates that are not 0. */
export async function rejectedUpdates(proxy: Proxy): Promise<string[]> {
  const { body } = await httpGet(proxy.admin.port, "/stats?filter=update_rejected");
  const lines = body.split("\n").filter((line) => line !== "");
  expect(lines.length).toBeGreaterThan(1);
  return lines.filter((line) => !line.endsWith(": 0"));
}
