// Findings for programs.

import type { Verdict } from "../verify";
import { located } from "./located";

export function jsonReport(verdict: Verdict): string {
  const report = {
    findings: verdict.findings.map(located),
    ignored: verdict.ignored,
    objects: verdict.mesh.objects.length,
    calls: verdict.mesh.calls,
  };
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
