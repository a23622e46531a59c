// The demo's report: one HTML file that can be kept, mailed and opened without a network.

import type { DemoConfiguration } from "../demo/demo-policy";
import type { DemoResult } from "../demo/demo-result";
import type { EngineOutput } from "../demo/envoy-engine";
import { engineTitle } from "../demo/choose-engine";
import { whole } from "../demo/live-frame";
import type { Scenario } from "../demo/scenario";
import { summaryRows, type SummaryRow } from "../demo/summary-table";
import { demoPlots } from "./demo-plots";
import { HOVER_SCRIPT } from "./hover";
import { escapeHtml } from "./html";
import { plotFigure, type Plot } from "./plot";
import { REPORT_CSS } from "./styles";

export interface DemoReportInput {
  readonly result: DemoResult;
  readonly scenario: Scenario;
  readonly output: EngineOutput;
  readonly configuration: DemoConfiguration;
}

/** The whole document. The same input gives the same bytes. */
export function demoReport(input: DemoReportInput): string {
  const { result, scenario, output, configuration } = input;
  const plots = demoPlots(scenario, output, configuration.model.threshold_permille);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ganglion demo</title>
<style>${REPORT_CSS}</style>
</head>
<body>
<main>
<h1>One arm goes slow, one tenant floods</h1>
<p class="lead">${lead(result)}</p>
${cards(result)}
<section class="plots">
${plots.map(plotFigure).join("\n")}
</section>
<h2>Summary</h2>
${table(summaryRows(result))}
${lossList(result)}
<h2>Method</h2>
${method(result, scenario)}
<h2>Policy</h2>
<p class="soft">What the filter was told, before compilation; the compiled form also carries the model.</p>
<pre>${escapeHtml(configuration.policyText)}</pre>
</main>
<div id="reading"></div>
<script type="application/json" id="curves">${curvesJson(plots)}</script>
<script>${HOVER_SCRIPT}</script>
</body>
</html>
`;
}

function lead(result: DemoResult): string {
  const { engine, traffic } = result;
  return escapeHtml(
    `${whole(traffic.requests)} requests in ${traffic.duration_s} s, sent twice at the same time: ` +
      `through ${engine.name === "envoy" ? "an Envoy" : "the embedded host"} with the Ganglion filter, ` +
      "and without it.",
  );
}

function cards(result: DemoResult): string {
  const { with_filter: ours, without_filter: theirs, flood, slow_arm: slow } = result;
  const slowPhase = result.phases[1]!.name;
  const floodPhase = result.phases[2]!.name;
  const card = (value: string, text: string, instead: string): string => {
    return (
      `<div class="card"><b>${escapeHtml(value)}</b><p>${escapeHtml(text)}</p>` +
      `<p>without: <s>${escapeHtml(instead)}</s></p></div>`
    );
  };
  const ms = (value: number): string => `${whole(value)} ms`;
  return `<div class="cards">${[
    card(
      ms(ours.phases[slowPhase]!.p99_ms),
      `p99 while ${slow.name} is ${slow.factor}x slower`,
      ms(theirs.phases[slowPhase]!.p99_ms),
    ),
    card(
      `${ours.slow_share_after_2s_pct} %`,
      `of the traffic still on ${slow.name} after 2 s`,
      `${theirs.slow_share_after_2s_pct} %`,
    ),
    card(
      ms(ours.phases[floodPhase]!.p99_ms),
      `p99 of others while ${flood.tenant} floods`,
      ms(theirs.phases[floodPhase]!.p99_ms),
    ),
    card(
      `${whole(ours.flood_admitted)} of ${whole(flood.offered)}`,
      `requests of the flood let through; its limit allows ${whole(flood.allowed)}`,
      whole(theirs.flood_admitted),
    ),
  ].join("")}</div>`;
}

function table(rows: readonly SummaryRow[]): string {
  const cell = (text: string, isBetter: boolean): string => {
    return `<td${isBetter ? ' class="better"' : ""}>${escapeHtml(text)}</td>`;
  };
  const body = rows.map((row) => {
    const label = `<td>${escapeHtml(row.label)}</td>`;
    const ours = cell(row.ours, row.better === "ours");
    return `<tr>${label}${ours}${cell(row.theirs, row.better === "theirs")}</tr>`;
  });
  return (
    '<div class="table"><table><thead><tr><th></th><th class="with">with Ganglion</th>' +
    `<th class="without">without</th></tr></thead><tbody>\n${body.join("\n")}\n</tbody></table></div>`
  );
}

function lossList(result: DemoResult): string {
  if (result.losses.length === 0) return "";
  const items = result.losses.map((loss) => `<li>${escapeHtml(loss)}</li>`);
  return `<h2>What the filter did not do well</h2>\n<ul>${items.join("\n")}</ul>`;
}

function method(result: DemoResult, scenario: Scenario): string {
  const { engine, traffic, model } = result;
  const arms = scenario.arms.map((arm) => `${arm.name} (${arm.slots} at a time)`).join(", ");
  const tenants = scenario.tenants.map((one) => `${one.name} ${one.rateHz}/s`).join(", ");
  const rows: [string, string][] = [
    ["engine", `${engineTitle(engine)} (${engine.source}), ${engine.workers} workers a side`],
    ["tool", `ganglion ${result.tool_version}`],
    ["model", `${model.name} version ${model.version}, SHA-256 ${model.sha256}`],
    ["seed", String(result.seed)],
    [
      "traffic",
      `${traffic.source === "recorded" ? "recorded" : "generated after"} ${traffic.trace}: arrivals ` +
        `and token counts; ${tenants}. Open loop: a slow answer holds no later request back.`,
    ],
    ["arms", `${arms}; latency from the tokens of a request, the same luck on both sides`],
    ["without", "the same Envoy with least-request balancing over the same arms, and no limit"],
    ["phases", result.phases.map((one) => `${one.name} (${one.story})`).join("; ")],
    ["errors", `5xx, broken connections, and answers later than ${scenario.timeoutMs / 1000} s`],
    ["plots", "windows of 1 s, a value each 0.5 s, by the intended start of the request"],
  ];
  const items = rows.map(([term, text]) => `<dt>${term}</dt><dd>${escapeHtml(text)}</dd>`);
  return `<dl>${items.join("\n")}</dl>`;
}

/** `<` must not end the script element. */
function curvesJson(plots: readonly Plot[]): string {
  const curves = Object.fromEntries(
    plots.map(({ id, unit, curves: all }) => [
      id,
      all.map(({ name, values }) => [name, unit, values.map(rounded)]),
    ]),
  );
  return JSON.stringify({ timesS: plots[0]!.timesS, plots: curves }).replaceAll("<", "\\u003c");
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10) / 10;
}
