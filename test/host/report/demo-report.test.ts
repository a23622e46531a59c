import { beforeAll, describe, expect, it } from "vitest";
import { chooseEngine } from "../../../host-tools/src/demo/choose-engine";
import { demoConfiguration } from "../../../host-tools/src/demo/demo-policy";
import { demoResult } from "../../../host-tools/src/demo/demo-result";
import { makeDemoTraffic } from "../../../host-tools/src/demo/demo-traffic";
import { runEmbedded } from "../../../host-tools/src/demo/embedded-engine";
import { buildScenario } from "../../../host-tools/src/demo/scenario";
import { summaryRows, summaryText } from "../../../host-tools/src/demo/summary-table";
import { demoReport, type DemoReportInput } from "../../../host-tools/src/report/demo-report";

let input: DemoReportInput;
let html: string;

beforeAll(async () => {
  const scenario = buildScenario(12);
  const configuration = await demoConfiguration(scenario);
  const traffic = makeDemoTraffic(scenario, 1, "");
  const { facts: engine } = await chooseEngine("embedded", () => {});
  const run = { scenario, traffic, configuration, seed: 1 };
  const output = await runEmbedded({ ...run, onProgress: () => {} });
  const result = demoResult({ ...run, engine, output, toolVersion: "1.2.3" });
  input = { result, scenario, output, configuration };
  html = demoReport(input);
});

/** Names of the curves drawn in one plot. */
function curvesOf(plot: string): string[] {
  const picture = new RegExp(`<svg[^>]*data-plot="${plot}"[\\s\\S]*?</svg>`).exec(html)?.[0] ?? "";
  return [...picture.matchAll(/data-curve="([^"]*)" d="M[^"]+"/g)].map((match) => match[1]!);
}

describe("the demo's report", () => {
  it.each([
    ["p99", ["p99 with Ganglion", "p99 without"]],
    ["p50", ["p50 with Ganglion", "p50 without"]],
    ["share-with", ["large", "medium", "small"]],
    ["share-without", ["large", "medium", "small"]],
    ["limited", ["acme", "birch", "cedar", "delta"]],
    ["flood", ["delta, let through"]],
    ["score", ["highest score", "mean score"]],
  ])("draws %s", (plot, curves) => {
    expect(curvesOf(plot)).toEqual(curves);
    const picture = html.slice(html.indexOf(`data-plot="${plot}"`));
    for (const phase of ["warm-up", "slow arm", "flood", "recovery"]) {
      expect(picture.slice(0, picture.indexOf("</svg>"))).toContain(`>${phase}</text>`);
    }
  });

  it("asks the network for nothing", () => {
    expect(html).not.toMatch(/https?:|\/\/[a-z]|\bsrc=|\bhref=|url\(|@import|fetch\(|import\(/i);
  });

  it("is well-formed and holds no value that is not one", () => {
    const open: string[] = [];
    const body = html.replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, "");
    for (const [, end, name, self] of body.matchAll(/<(\/?)([a-z0-9]+)[^>]*?(\/?)>/g)) {
      if (self === "/" || name === "meta") continue;
      if (end === "/") expect(open.pop()).toBe(name);
      else open.push(name!);
    }
    expect(open).toEqual([]);
    expect(html).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  it("carries every curve's values for its reading line", () => {
    const json = /id="curves">([\s\S]*?)<\/script>/.exec(html)![1]!;
    const { timesS, plots } = JSON.parse(json) as {
      timesS: number[];
      plots: Record<string, [string, string, (number | null)[]][]>;
    };
    expect(Object.keys(plots)).toHaveLength(7);
    for (const curves of Object.values(plots)) {
      for (const [, , values] of curves) expect(values).toHaveLength(timesS.length);
    }
  });

  it("states summary, method, seed, engine, versions and policy", () => {
    for (const row of summaryRows(input.result)) expect(html).toContain(`<td>${row.label}</td>`);
    expect(html).toContain("ganglion 1.2.3");
    expect(html).toContain("<dt>seed</dt><dd>1</dd>");
    expect(html).toContain("embedded host, virtual time");
    expect(html).toContain(input.result.model.sha256);
    expect(html).toContain("path_prefix: /api/llm/chat");
  });

  it("shows what the filter did not do well", () => {
    const losses = ["p50 was 9 ms <with> the filter."];
    const page = demoReport({ ...input, result: { ...input.result, losses } });
    expect(page).toContain("<li>p50 was 9 ms &lt;with&gt; the filter.</li>");
  });

  it("is the same bytes for the same run", () => {
    expect(demoReport(input)).toBe(html);
  });
});

describe("the summary as text", () => {
  it("has a row for each figure, its columns aligned", () => {
    const lines = summaryText({ ...input.result, losses: [] })
      .trimEnd()
      .split("\n");
    expect(lines).toHaveLength(1 + summaryRows(input.result).length);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  });
});
