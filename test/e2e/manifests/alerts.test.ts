// The rendered rules under Prometheus' own tool: they parse, an injected fault alerts, a healthy
// mesh does not, and the recorded series have the values that a hand computes.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ruleGroups } from "../../../host-tools/src/kubernetes/prometheus-rule";
import { yamlText } from "../../../host-tools/src/istio/yaml-text";
import { compiledOperations } from "../../host/manifests/operations-policy";
import { findPrometheus } from "../../support/prometheus";

const { policy } = compiledOperations();
const NAMESPACE = "ai-services";
const LLM = `llm-service.${NAMESPACE}.svc.cluster.local`;
const rules = yamlText({ groups: ruleGroups(policy, policy.mesh.prometheus!) });
const alertNames = [...rules.matchAll(/alert: (\w+)/g)].map(([, name]) => name!);

let folder: string;
let promtool = "";
let missing: string | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ganglion-rules-"));
  writeFileSync(join(folder, "rules.yaml"), rules);
  const found = await findPrometheus();
  missing = found.missing;
  promtool = found.path === undefined ? "" : join(found.path, "promtool");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs promtool and returns what it says; throws that where it fails. */
function tool(...args: string[]): string {
  try {
    return execFileSync(promtool, args, { cwd: folder, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${stdout}${stderr}`, { cause: error });
  }
}

interface Series {
  readonly series: string;
  /** In promtool's notation, one value each 15 s. */
  readonly values: string;
}
interface Expected {
  readonly alert_rule_test?: readonly unknown[];
  readonly promql_expr_test?: readonly unknown[];
}

function check(series: readonly Series[], expected: Expected): void {
  const test = { interval: "15s", input_series: series, ...expected };
  writeFileSync(
    join(folder, "test.yaml"),
    yamlText({ rule_files: ["rules.yaml"], evaluation_interval: "5s", tests: [test] }),
  );
  expect(tool("test", "rules", "test.yaml")).toContain("SUCCESS");
}

/** A pod's series of the filter, healthy: the heart beats, nothing is refused. */
function healthyPod(pod: string): Series[] {
  const of = (metric: string, labels: string, values: string): Series => ({
    series: `${metric}{namespace="${NAMESPACE}",pod="${pod}"${labels}}`,
    values,
  });
  return [
    of("ganglion_heartbeat_seconds", ',worker="0"', "0+15x60"),
    of("ganglion_config_epoch", ',worker="0"', "7+0x60"),
    of("ganglion_config_error", ',worker="0"', "0+0x60"),
    of("ganglion_incident_open", ',route="chat",worker="0"', "0+0x60"),
    of("ganglion_arm_ejected", ',route="chat",arm="gpt-4o",worker="0"', "0+0x60"),
    of("ganglion_canary_killed", ',route="chat"', "0+0x60"),
    of("ganglion_errors_total", ',cause="fault"', "0+0x60"),
    of("ganglion_errors_total", ',cause="duplicate_key_header"', "0+1x60"),
    of("ganglion_limited_total", ',route="chat",limit="tier"', "0+15x60"),
    of("ganglion_limit_admitted_total", ',route="chat",limit="tier"', "0+150x60"),
  ];
}

const requests = (code: string, values: string, reporter = "source"): Series => ({
  series:
    `istio_requests_total{reporter="${reporter}",destination_service="${LLM}",` +
    `destination_version="v1",source_workload="conversation",response_code="${code}"}`,
  values,
});
const bucket = (le: string, values: string): Series => ({
  series:
    `istio_request_duration_milliseconds_bucket{reporter="source",` +
    `destination_service="${LLM}",le="${le}"}`,
  values,
});
const healthy = [
  ...healthyPod("a"),
  ...healthyPod("b"),
  requests("200", "0+150x60"),
  requests("400", "0+60x60"),
  requests("503", "0+3x60"),
];

/** Series of one metric replaced: the fault. */
function withFault(metric: string, labels: string, values: string): Series[] {
  const isIt = ({ series }: Series) =>
    series.startsWith(`${metric}{`) && series.includes(labels) && series.includes('pod="a"');
  const [first] = healthy.filter(isIt);
  if (first === undefined) throw new Error(`no healthy series of ${metric}`);
  return [...healthy.filter((one) => one !== first), { ...first, values }];
}

const firing = (alert: string, time: string, labels: Record<string, string>) => ({
  promql_expr_test: [
    {
      expr: `ALERTS{alertname="${alert}",alertstate="firing"}`,
      eval_time: time,
      exp_samples: [
        {
          labels: labelText("ALERTS", { alertname: alert, alertstate: "firing", ...labels }),
          value: 1,
        },
      ],
    },
  ],
});

function labelText(name: string, labels: Record<string, string>): string {
  return `${name}{${Object.entries(labels)
    .map(([key, value]) => `${key}="${value}"`)
    .join(",")}}`;
}

describe("rendered rules", () => {
  it("are clean for promtool", ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    expect(tool("check", "rules", "rules.yaml")).toMatch(/SUCCESS: \d+ rules found/);
  });

  it("raise no alert in ten healthy minutes, client errors and limits included", ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    const times = ["1m", "2m", "5m", "10m"];
    check(healthy, {
      promql_expr_test: times.map((eval_time) => ({ expr: "ALERTS", eval_time, exp_samples: [] })),
    });
  });

  const place = { namespace: NAMESPACE };
  it.for([
    [
      "GanglionIncidentOpen",
      withFault("ganglion_incident_open", "chat", "0x19 1x40"),
      "5m",
      { ...place, route: "chat", severity: "warning" },
    ],
    [
      "GanglionArmEjected",
      withFault("ganglion_arm_ejected", "gpt-4o", "0x19 1x40"),
      "5m",
      { ...place, route: "chat", arm: "gpt-4o", severity: "warning" },
    ],
    [
      "GanglionCanaryKilled",
      withFault("ganglion_canary_killed", "chat", "0x19 1x40"),
      "5m",
      { ...place, route: "chat", severity: "critical" },
    ],
    [
      "GanglionConfigRefused",
      withFault("ganglion_config_error", "worker", "0x19 1x40"),
      "6m",
      { ...place, pod: "a", severity: "critical" },
    ],
    [
      "GanglionEpochsDisagree",
      withFault("ganglion_config_epoch", "worker", "6+0x60"),
      "5m",
      { ...place, severity: "warning" },
    ],
    [
      "GanglionWorkerSilent",
      withFault("ganglion_heartbeat_seconds", "worker", "0+15x19 285x40"),
      "9m",
      { ...place, pod: "a", worker: "0", severity: "critical" },
    ],
    [
      "GanglionFault",
      withFault("ganglion_errors_total", "fault", "0x19 1x40"),
      "5m30s",
      { ...place, pod: "a", severity: "critical" },
    ],
  ] as const)("alert on an injected fault: %s", ([alert, series, time, labels], { skip }) => {
    if (missing !== undefined) return skip(missing);
    check(series, firing(alert, time, labels));
  });

  it("alert within ten seconds of the scrape that shows an incident", ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    const series = withFault("ganglion_incident_open", "chat", "0x19 1x40");
    const labels = { ...place, route: "chat", severity: "warning" };
    // The first sample of 1 is that of 300 s: values stand 15 s apart.
    check(series, firing("GanglionIncidentOpen", "310s", labels));
  });

  it("alert when no proxy reports the filter", ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    const labels = { ...place, severity: "critical" };
    check([requests("200", "0+150x60")], firing("GanglionMissing", "6m", labels));
  });

  it("alert above five percent of 5xx, and not at 4.9", ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    const labels = { destination_service: LLM, service: "llm-service", severity: "critical" };
    const errors = (bad: string) => [
      ...healthyPod("a"),
      requests("200", "0+949x60"),
      requests("503", bad),
    ];
    check(errors("0+51x60"), firing("GanglionServiceErrors", "5m", labels));
    check(errors("0+48x60"), {
      promql_expr_test: [{ expr: "ALERTS", eval_time: "10m", exp_samples: [] }],
    });
  });

  it("alert on what takes too long, on busy limits and on a filter that does too little", ({
    skip,
  }) => {
    if (missing !== undefined) return skip(missing);
    const slow = [
      bucket("30000", "0+90x60"),
      bucket("60000", "0+150x60"),
      bucket("+Inf", "0+150x60"),
    ];
    const service = { service: "llm-service" };
    check(
      [...healthy, ...slow],
      firing("GanglionServiceSlow", "5m", {
        destination_service: LLM,
        severity: "warning",
        ...service,
      }),
    );
    const limited = withFault("ganglion_limited_total", "tier", "0+150x60");
    const limit = { route: "chat", limit: "tier", severity: "info", ...service };
    check(limited, firing("GanglionRouteLimited", "5m", limit));
    const degraded = withFault("ganglion_errors_total", "duplicate_key_header", "0+30x60");
    const cause = { ...place, cause: "duplicate_key_header", severity: "info" };
    check(degraded, firing("GanglionDegraded", "9m", cause));
  });

  it("have each a test here", () => {
    const tested = readFileSync(fileURLToPath(import.meta.url), "utf8");
    expect(alertNames.length).toBeGreaterThan(10);
    for (const alert of alertNames) expect(tested).toContain(`"${alert}"`);
  });
});

describe("recorded series", () => {
  it("have the values that a hand computes", ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    const series = [
      requests("200", "0+90x60"),
      requests("404", "0+45x60"),
      requests("503", "0+15x60"),
      requests("200", "0+120x60", "destination"),
      bucket("1000", "0+135x60"),
      bucket("2000", "0+150x60"),
      bucket("+Inf", "0+150x60"),
    ];
    const value = (record: string, labels: Record<string, string>, is: number) => ({
      expr: record,
      eval_time: "5m",
      exp_samples: [
        { labels: labelText(record, { destination_service: LLM, ...labels }), value: is },
      ],
    });
    check(series, {
      promql_expr_test: [
        // 120 each 15 s.
        value("destination_version:istio_requests:rate1m", { destination_version: "v1" }, 8),
        // 150 each 15 s, of which 15 are 5xx; the 404s are the client's.
        value("destination_service:istio_requests:rate1m", {}, 10),
        value("destination_service:istio_requests_errors:share_rate1m", {}, 0.1),
        value(
          "source_workload:istio_requests_errors:rate1m",
          { source_workload: "conversation" },
          1,
        ),
        // Rank 148.5 of 150, of which 135 lie below 1000 ms: 1000 + 1000 * 13.5 / 15.
        {
          expr: "round(destination_service:istio_request_duration_milliseconds:p99_1m, 0.001)",
          eval_time: "5m",
          exp_samples: [{ labels: labelText("", { destination_service: LLM }), value: 1900 }],
        },
      ],
    });
  });

  it("give no share of errors where there were no requests, so that nothing compares it", ({
    skip,
  }) => {
    if (missing !== undefined) return skip(missing);
    const share = "destination_service:istio_requests_errors:share_rate1m";
    check([requests("200", "5+0x60")], {
      promql_expr_test: [{ expr: share, eval_time: "5m", exp_samples: [] }],
    });
  });
});
