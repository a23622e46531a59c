// Findings for programs.

import type { Verdict } from "../verify";
import { located } from "./located";
import { sequenceJson, timedSequences } from "./sequence-report";

export function jsonReport(verdict: Verdict): string {
  const report = {
    findings: verdict.findings.map(located),
    ignored: verdict.ignored,
    objects: verdict.mesh.objects.length,
    calls: verdict.mesh.calls,
    sequences: timedSequences(verdict).map(sequenceJson),
  };
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
