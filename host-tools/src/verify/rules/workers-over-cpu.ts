// More workers than the CPU limit has cores: together they use up the quota of each 100 ms early and
// then all stand still until the next one.

import { parse } from "yaml";
import { replaceWithin, setValue } from "../fix/edit-view";
import type { TextEdit } from "../fix/text-edit";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { parseCores, trimmed } from "../source/duration";
import { type View, viewOf } from "../source/view";

/** Period of the kernel's CPU quota. */
const PERIOD_MS = 100;

export const workersOverCpu: Rule = {
  id: "workers-over-cpu",
  severity: "warning",
  summary: "A proxy has more workers than its CPU limit has cores, and is throttled.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const { template } of mesh.workloads) {
      const annotations = template.at("metadata", "annotations");
      const config = annotations.at("proxy.istio.io/config");
      const workers = concurrencyOf(config.text());
      const limit = annotations.at("sidecar.istio.io/proxyCPULimit");
      const found = judge(config, workers, limit, (by) => withinConfig(config, by));
      if (found !== undefined) yield found;
    }
    for (const object of mesh.ofIstio("IstioOperator")) {
      const spec = viewOf(object).at("spec");
      const workers = spec.at("meshConfig", "defaultConfig", "concurrency");
      const limit = spec.at("values", "global", "proxy", "resources", "limits", "cpu");
      const found = judge(workers, workers.number(), limit, (by) => fixOf(setValue(workers, by)));
      if (found !== undefined) yield found;
    }
  },
};

function judge(
  at: View,
  workers: number | undefined,
  limit: View,
  fix: (workers: number) => TextEdit[] | undefined,
): Finding | undefined {
  const cores = parseCores(limit.text() ?? "");
  if (workers === undefined || cores === undefined || workers <= Math.ceil(cores)) return undefined;
  const fitting = Math.max(1, Math.ceil(cores));
  const busyMs = (cores * PERIOD_MS) / workers;
  return {
    at,
    message:
      `${workers} workers under a CPU limit of ${limit.text() ?? ""}: ${trimmed(cores * PERIOD_MS)} ms of CPU in each ` +
      `${PERIOD_MS} ms / ${workers} = ${trimmed(busyMs)} ms until all of them stand still for ` +
      `${trimmed(PERIOD_MS - busyMs)} ms.`,
    advice: `Set concurrency to ${fitting}, or raise the limit to ${workers}.`,
    fix: fix(fitting),
    related: [{ at: limit, message: "the limit" }],
  };
}

function concurrencyOf(config: string | undefined): number | undefined {
  if (config === undefined || !config.includes("concurrency")) return undefined;
  const plain = /^concurrency: (\d+)\s*$/.exec(config)?.[1];
  if (plain !== undefined) return Number(plain);
  try {
    const value = (parse(config) as { concurrency?: unknown } | null)?.concurrency;
    return typeof value === "number" ? value : undefined;
  } catch {
    return undefined;
  }
}

function withinConfig(config: View, by: number): TextEdit[] | undefined {
  const piece = /"?concurrency\\?"?\s*:\s*\d+/.exec(config.text() ?? "")?.[0];
  if (piece === undefined) return undefined;
  return fixOf(replaceWithin(config, piece, piece.replace(/\d+$/, String(by))));
}
