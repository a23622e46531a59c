// What is asked of Prometheus about a service, in one place, so that an alert, an autoscaler and a
// canary's analysis mean the same by "requests" and "errors".
//
// Istio's label destination_service holds the fully qualified host; a query for the short name
// finds nothing, for ever. Errors are 5xx alone: a client's own 400 is not the service's fault.
// Reporter `source`, because a caller's proxy sees timeouts and resets that the callee never wrote.

/** What one query looks at. */
export interface Subject {
  /** Fully qualified hosts, or an expression for some: a dashboard's variable. */
  readonly hosts: readonly string[] | { readonly anyOf: string };
  /** A value of the pods' label `version`; undefined for all. */
  readonly version?: string;
  readonly reporter?: "source" | "destination";
}

const TOTAL = "istio_requests_total";
const DURATION = "istio_request_duration_milliseconds_bucket";
const ERRORS = 'response_code=~"5.."';

/** `label="value"`, or an expression for several values. */
export function matcher(label: string, values: readonly string[]): string {
  if (values.length === 1) return `${label}="${values[0]}"`;
  // One backslash for the expression, one for the quotes around it.
  return `${label}=~"${values.map((value) => value.replaceAll(".", "\\\\.")).join("|")}"`;
}

function selector(metric: string, subject: Subject, ...more: string[]): string {
  const labels = [
    `reporter="${subject.reporter ?? "source"}"`,
    "anyOf" in subject.hosts
      ? `destination_service=~"${subject.hosts.anyOf}"`
      : matcher("destination_service", subject.hosts),
    ...(subject.version === undefined ? [] : [`destination_version="${subject.version}"`]),
    ...more,
  ];
  return `${metric}{${labels.join(",")}}`;
}

/** Requests per second. */
export function requestRate(subject: Subject, by: readonly string[], window: string): string {
  return `${sumBy(by)}(rate(${selector(TOTAL, subject)}[${window}]))`;
}

/** Failed requests per second. */
export function errorRate(subject: Subject, by: readonly string[], window: string): string {
  return `${sumBy(by)}(rate(${selector(TOTAL, subject, ERRORS)}[${window}]))`;
}

function sumBy(labels: readonly string[]): string {
  return labels.length === 0 ? "sum" : `sum by (${labels.join(", ")}) `;
}

/** Share of requests that failed, 0 where none did; nothing where there were no requests. */
export function errorShare(subject: Subject, by: readonly string[], window: string): string {
  const all = requestRate(subject, by, window);
  return `(${errorRate(subject, by, window)} or 0 * ${all}) / (${all} > 0)`;
}

/** 99th percentile of latency in ms. */
export function latencyP99(subject: Subject, by: readonly string[], window: string): string {
  const rates = `rate(${selector(DURATION, subject)}[${window}])`;
  return `histogram_quantile(0.99, sum by (${[...by, "le"].join(", ")}) (${rates}))`;
}

/** Requests in the window by how long they took, for a heat map. */
export function latencyBuckets(subject: Subject, window: string): string {
  return `sum by (le) (increase(${selector(DURATION, subject)}[${window}]))`;
}

/** Requests in the window. */
export function requestCount(subject: Subject, window: string): string {
  return `sum(increase(${selector(TOTAL, subject)}[${window}]))`;
}
