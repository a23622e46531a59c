// What the dashboard asks, put to a real Prometheus that holds recorded samples: it takes every
// expression, no panel is empty, and the values are those that a hand computes.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  METRICS,
  metricKind,
  MetricKind,
  metricName,
  metricScope,
} from "../../../host-tools/src/contract";
import { metricLabels } from "../../../host-tools/src/istio/stat-tags";
import { serviceRecords } from "../../../host-tools/src/kubernetes/service-alerts";
import { filledIn, panelsOf } from "../../host/grafana/dashboard-policy";
import { findPrometheus, Prometheus, type Sample } from "../../support/prometheus";

const NAMESPACE = "ai-services";
const host = (service: string): string => `${service}.${NAMESPACE}.svc.cluster.local`;
const panels = panelsOf();
const expressions = panels.flatMap(({ title, queries }) =>
  queries.map((query) => [`${title} ${query.refId ?? ""}`, filledIn(query.expr)] as const),
);

/** Midnight of 1 January 2026, UTC. */
const START_S = 1_767_225_600;
const SCRAPE_S = 15;
const SCRAPES = 240;
/** All series have run for an hour. */
const END_S = START_S + SCRAPES * SCRAPE_S;

type Labels = Readonly<Record<string, string>>;

/** A series that grows by so much from scrape to scrape, from 0. */
function series(name: string, labels: Labels, growth: number, first = 0): string[] {
  const text = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return Array.from(
    { length: SCRAPES + 1 },
    (_, i) => `${name}{${text.join(",")}} ${first + growth * i} ${START_S + i * SCRAPE_S}`,
  );
}

/** A call by its caller, as its proxy counts it; the callee's proxy counts what has arrived. */
function calls(from: string, to: string, version: string, code: string, growth: number): string[] {
  const labels = {
    source_workload: `${from}-v1`,
    source_canonical_service: from,
    destination_workload: `${to}-${version}`,
    destination_canonical_service: to,
    destination_version: version,
    destination_service: host(to),
    destination_service_name: to,
    destination_service_namespace: NAMESPACE,
    response_code: code,
  };
  const name = "istio_requests_total";
  return ["source", "destination"].flatMap((reporter) =>
    series(name, { reporter, ...labels }, growth),
  );
}

/** Of llm-service; growth up to each bound. */
const BUCKETS = { 100: 0, 1000: 135, 2000: 150, "+Inf": 150 };

const istio = [
  // 8 and 2 requests a second, of which one in fifteen seconds each fails or is the client's fault.
  ...calls("conversation-service", "llm-service", "v1", "200", 117),
  ...calls("conversation-service", "llm-service", "v1", "503", 3),
  ...calls("conversation-service", "llm-service", "v2", "200", 12),
  ...calls("batch", "llm-service", "v2", "503", 12),
  ...calls("batch", "llm-service", "v2", "400", 6),
  ...calls("llm-service", "retrieval-service", "v1", "200", 30),
  ...Object.entries(BUCKETS).flatMap(([le, growth]) =>
    series(
      "istio_request_duration_milliseconds_bucket",
      { reporter: "source", destination_service: host("llm-service"), le },
      growth,
    ),
  ),
];

const VALUES: Labels = {
  route: "chat",
  arm: "gpt-4o",
  limit: "tier",
  verdict: "tag",
  enforced: "true",
  worker: "0",
  cause: "duplicate_key_header",
  layer: "sequence",
};

/** Every metric of the filter with all its labels, as the pod's proxy shows it and scraping adds. */
const filter = Array.from({ length: METRICS }, (_, metric) => {
  const own = metricLabels(metricScope(metric)).map((label) => [label, VALUES[label] ?? ""]);
  const labels = { namespace: NAMESPACE, pod: "a", ...Object.fromEntries(own) } as Labels;
  const isCounter = metricKind(metric) === MetricKind.Counter;
  return series(metricName(metric), labels, isCounter ? 15 : 0, 1);
}).flat();

let prometheus: Prometheus | undefined;
let missing: string | undefined;

beforeAll(async () => {
  const found = await findPrometheus();
  missing = found.missing;
  if (found.path === undefined) return;
  const samples = [...istio, ...filter].join("\n");
  prometheus = await Prometheus.start(found.path, { samples });
});
afterAll(() => prometheus?.stop());

const ask = (expression: string): Promise<Sample[]> => prometheus!.query(expression, END_S);

/** Values by the labels that tell them apart. */
async function valuesOf(expression: string, ...labels: string[]): Promise<Record<string, number>> {
  const samples = await ask(expression);
  return Object.fromEntries(
    samples.map(({ metric, value }) => [
      labels.map((label) => metric[label]).join(" "),
      Math.round(value * 1e6) / 1e6,
    ]),
  );
}

const panel = (title: string, refId?: string): string => {
  const queries = panels.find((one) => one.title === title)?.queries ?? [];
  const query = queries.find((one) => one.refId === refId) ?? queries[0];
  if (query === undefined) throw new Error(`no panel ${title}`);
  return filledIn(query.expr);
};

describe("the dashboard's expressions", () => {
  it.for(expressions)(
    "are taken by Prometheus, and find what is recorded: %s",
    async ([, expr], { skip }) => {
      if (prometheus === undefined) return skip(missing);
      expect(await prometheus.format(expr)).not.toBe("");
      expect(await ask(expr), expr).not.toEqual([]);
    },
  );

  it("would be refused with a mistake in them", async ({ skip }) => {
    if (prometheus === undefined) return skip(missing);
    await expect(prometheus.format("sum by (route (ganglion_requests_total)")).rejects.toThrow(
      "parse error",
    );
  });
});

describe("the four questions about traffic", () => {
  const LLM = host("llm-service");
  const RETRIEVAL = host("retrieval-service");

  it("say how many requests arrive at each version", async ({ skip }) => {
    if (prometheus === undefined) return skip(missing);
    // 120, 30 and 30 in 15 s.
    expect(
      await valuesOf(panel("Requests by version"), "destination_service", "destination_version"),
    ).toEqual({ [`${LLM} v1`]: 8, [`${LLM} v2`]: 2, [`${RETRIEVAL} v1`]: 2 });
  });

  it("say what one request in a hundred takes longer than", async ({ skip }) => {
    if (prometheus === undefined) return skip(missing);
    // Rank 148.5 of 150, of which 135 lie below 1000 ms: 1000 + 1000 * 13.5 / 15.
    expect(await valuesOf(panel("Latency, 99th percentile"), "destination_service")).toEqual({
      [LLM]: 1900,
    });
  });

  it("say which share fails, and neither blame a client's mistake nor invent a value", async ({
    skip,
  }) => {
    if (prometheus === undefined) return skip(missing);
    // 15 of 150 are 5xx; the 6 answers 400 are the client's.
    expect(await valuesOf(panel("Errors"), "destination_service")).toEqual({
      [LLM]: 0.1,
      [RETRIEVAL]: 0,
    });
  });

  it("say whose requests fail", async ({ skip }) => {
    if (prometheus === undefined) return skip(missing);
    // 3 and 12 in 15 s.
    expect(
      await valuesOf(panel("Errors by caller"), "source_workload", "destination_service"),
    ).toEqual({ [`conversation-service-v1 ${LLM}`]: 0.2, [`batch-v1 ${LLM}`]: 0.8 });
  });

  it("are the ones that the recording rules write down", async ({ skip }) => {
    if (prometheus === undefined) return skip(missing);
    const records = serviceRecords([LLM, RETRIEVAL]).map(({ expr }) => expr);
    const pairs = [
      ["Requests by version", 0],
      ["Latency, 99th percentile", 1],
      ["Errors", 3],
      ["Errors by caller", 4],
    ] as const;
    for (const [title, index] of pairs) {
      const order = (samples: Sample[]) => samples.map((one) => JSON.stringify(one)).sort();
      expect(order(await ask(panel(title))), title).toEqual(order(await ask(records[index] ?? "")));
    }
  });

  it("find nothing by a short host, nor in the time before there was anything", async ({
    skip,
  }) => {
    if (prometheus === undefined) return skip(missing);
    for (const title of ["Requests by version", "Latency, 99th percentile", "Errors"]) {
      expect(await ask(panel(title).replace(/=~"\([^"]*"/g, '="llm-service"'))).toEqual([]);
      expect(await prometheus.query(panel(title), START_S - 60)).toEqual([]);
    }
  });
});

describe("the rest of the traffic's row", () => {
  it("measures errors by each service's own alert", async ({ skip }) => {
    if (prometheus === undefined) return skip(missing);
    const { queries } = panels.find(({ title }) => title.startsWith("Errors against"))!;
    const values = await Promise.all(queries.map(({ expr }) => valuesOf(filledIn(expr))));
    // 10 % of an alert at 2 %; nothing of the 5 % that are the default.
    expect(values).toEqual([{ "": 5 }, { "": 0 }]);
  });

  it("draws every service once, and an edge for every pair that calls", async ({ skip }) => {
    if (prometheus === undefined) return skip(missing);
    expect(await valuesOf(panel("Who calls whom", "nodes"), "id", "title")).toEqual({
      "llm-service llm-service": 10,
      "retrieval-service retrieval-service": 2,
      "conversation-service conversation-service": 0,
      "batch batch": 0,
    });
    expect(await valuesOf(panel("Who calls whom", "edges"), "id", "source", "target")).toEqual({
      "conversation-service to llm-service conversation-service llm-service": 8.8,
      "batch to llm-service batch llm-service": 1.2,
      "llm-service to retrieval-service llm-service retrieval-service": 2,
    });
  });

  it("counts a window's requests by bucket", async ({ skip }) => {
    if (prometheus === undefined) return skip(missing);
    // A minute of 15 s steps; buckets count from the bottom.
    expect(await valuesOf(panel("Latency"), "le")).toEqual({
      "100": 0,
      "1000": 540,
      "2000": 600,
      "+Inf": 600,
    });
  });
});
