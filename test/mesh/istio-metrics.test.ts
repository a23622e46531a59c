// The labels by which alerts, dashboard and rollouts ask are those of Istio's proxies: its own tests and
// dashboards, of the version that the rig runs, name each of them.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ISTIO_LABELS, ISTIO_METRICS } from "../support/istio-metrics";
import { goModuleDir, meshCanRun } from "./rig";

const FOLDERS = ["tests/integration", "manifests/addons/dashboards", "pkg/test"];

function textsBelow(path: string): string[] {
  if (statSync(path).isDirectory()) {
    return readdirSync(path).flatMap((name) => textsBelow(join(path, name)));
  }
  return /\.(go|json|ya?ml|libsonnet)$/.test(path) ? [readFileSync(path, "utf8")] : [];
}

describe.runIf(await meshCanRun())("Istio's metrics", () => {
  let text: string;
  beforeAll(async () => {
    const module = await goModuleDir({ name: "istio", programs: {} }, "istio.io/istio");
    text = FOLDERS.flatMap((folder) => textsBelow(join(module, folder))).join("\n");
  });

  it.each([...ISTIO_METRICS, ...ISTIO_LABELS])("have %s", (name) => {
    expect(new RegExp(`\\b${name}\\b`).test(text)).toBe(true);
  });

  it("hold the whole host in destination_service", () => {
    expect(/"destination_service":[^,]*"\.svc\.cluster\.local"/.test(text)).toBe(true);
  });

  it("do not have what nobody has", () => {
    expect(/\bdestination_pod_name_of_nobody\b/.test(text)).toBe(false);
  });
});
