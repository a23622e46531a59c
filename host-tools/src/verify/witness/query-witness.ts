// Witnesses of rules about queries: a unit test for promtool, whose series are what a sidecar tells of 94
// good, 4 refused and 2 failed requests a minute, and whose expectations are what a rule claims. Values are
// rounded, because promtool compares them digit by digit.

export interface QueryWitness {
  readonly rule: string;
  /** What it shows, in one sentence. */
  readonly shows: string;
  /** Expressions with what each of them gives; none for no data. */
  readonly expressions: readonly (readonly [expression: string, value: number | undefined])[];
}

const FULL = "llm-service.ai-services.svc.cluster.local";
const SHORT = "llm-service";
const PER_MINUTE: readonly (readonly [code: number, count: number])[] = [
  [200, 94],
  [400, 4],
  [503, 2],
];

const count = (service: string, codes = ".*"): string =>
  `sum(rate(istio_requests_total{destination_service="${service}",response_code=~"${codes}"}[5m]))`;
const percent = (service: string, codes: string): string =>
  `100 * ${count(service, codes)} / ${count(service)}`;
const guarded = (service: string): string =>
  `(${count(service)} > bool 0) * (${percent(service, "5..")} <= bool 5) or vector(-1)`;

export const QUERY_WITNESSES: readonly QueryWitness[] = [
  {
    rule: "verdict-on-no-data",
    shows: "A comparison of nothing is nothing, and passes; with a guard no data is told apart.",
    expressions: [
      [`round(${percent(FULL, "5..")}) > 1`, 2],
      [`round(${percent(SHORT, "5..")}) > 1`, undefined],
      [guarded(FULL), 1],
      [guarded(SHORT), -1],
    ],
  },
  {
    rule: "metric-label-short-host",
    shows: "By its short name no series is of the service, by its whole name all of them are.",
    expressions: [
      [`count(istio_requests_total{destination_service="${SHORT}"})`, undefined],
      [`count(istio_requests_total{destination_service="${FULL}"})`, PER_MINUTE.length],
    ],
  },
  {
    rule: "client-errors-blamed",
    shows:
      "All but 2xx is 6 % of 100 requests, over a limit of 5 %; what the service failed is 2 %.",
    expressions: [
      [`round(100 - ${percent(FULL, "2..")})`, 6],
      [`round(${percent(FULL, "5..")})`, 2],
    ],
  },
];

/** The file that `promtool test rules` takes. */
export function promtoolTest({ expressions }: QueryWitness): object {
  return {
    evaluation_interval: "1m",
    tests: [
      {
        interval: "1m",
        input_series: PER_MINUTE.map(([code, requests]) => ({
          series: `istio_requests_total{destination_service="${FULL}",response_code="${code}"}`,
          values: `0+${requests}x10`,
        })),
        promql_expr_test: expressions.map(([expr, value]) => ({
          expr,
          eval_time: "10m",
          exp_samples: value === undefined ? [] : [{ labels: "{}", value }],
        })),
      },
    ],
  };
}
