// The report of a verdict with istioctl's word on the same input beside it.

import { located } from "../report/located";
import type { Verdict } from "../verify";
import { besideRows, besideSummary, besideText } from "./beside";
import { analyze, type AnalyzeMessage } from "./istioctl";

export interface Beside {
  readonly messages: readonly AnalyzeMessage[];
  /** A table by object and istioctl's sentences. */
  readonly text: string;
  /** One sentence. */
  readonly summary: string;
}

/**
 * @param istioctl from `findIstioctl`
 * @throws GanglionError E_ISTIOCTL
 */
export async function analyzeBeside(
  verdict: Verdict,
  istioctl: string,
  namespace: string | undefined,
): Promise<Beside> {
  const files = [...new Set(verdict.mesh.objects.map((object) => object.file))];
  const messages = await analyze(istioctl, files, namespace);
  const rows = besideRows(verdict.findings.map(located), messages);
  return { messages, text: besideText(rows, messages), summary: besideSummary(rows) };
}

/** A JSON report with istioctl's messages as one more member. */
export function withMessages(jsonReport: string, messages: readonly AnalyzeMessage[]): string {
  const report = JSON.parse(jsonReport) as object;
  return `${JSON.stringify({ ...report, istioctl: messages }, undefined, 2)}\n`;
}
