// Counts from a Prometheus with Istio's standard metrics, as the calling proxies report them. Raw
// counters are fetched and subtracted here: rate() and increase() extrapolate to fractions, and a
// ratio of two of them is NaN exactly when there is no traffic, which then compares as healthy.
//
// Whose fault an answer is: 5xx is the arm's. A connection that ended without an answer has status 0:
// the arm's, unless Envoy's flag says that the client left (DC). 4xx is the client's, 429 included: it
// says that somebody asks too much, not that the answer was bad. gRPC answers are HTTP 200, so their
// own status counts: those that mean the server.

import { GanglionError } from "../lib/errors";
import type { CountSource, Reading, Series } from "./count-source";
import { fetchText } from "./fetch-text";
import { isRoute } from "./filter-page";
import { type GuardKill, guardKill, KILL_METRICS } from "./guard-kill";
import type { RolloutPlan } from "./rollout-plan";

/** UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS. */
const GRPC_FAULTS = ["2", "4", "13", "14", "15"];
const CLIENT_LEFT = "DC";
/** A quantile over less than this is of too few answers. */
const LATENCY_WINDOW_S_MIN = 60;

/** Without Istio's extraStatTags the route stands in the name. */
const KILLED = `{__name__=~"(route___.+___)?(${KILL_METRICS.join("|")})"}`;

type Labels = Readonly<Record<string, string>>;
interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** @throws GanglionError E_ROLLOUT_PLAN where Prometheus could not tell the arms apart */
export function prometheusSource(plan: RolloutPlan, url: string): CountSource {
  const versions = { stable: versionOf(plan, "stable"), canary: versionOf(plan, "canary") };
  const to = `reporter="source",destination_service="${quoted(plan.host)}"`;
  const either = [versions.stable, versions.canary].map(literal).join("|");
  const both = `destination_version=~"${quoted(either)}"`;
  const name = `Prometheus at ${url}`;
  const ask = async (query: string): Promise<Sample[]> => {
    try {
      return samplesOf(await fetchText(queryUrl(url, query)));
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new GanglionError("E_ROLLOUT_COUNTS", `no counts from ${name}: ${why}`, {
        cause,
        hint: "Check analysis.metrics.prometheus.",
      });
    }
  };
  return {
    name,
    async read(): Promise<Reading> {
      const samples = await ask(`istio_requests_total{${to},${both}}`);
      const series = new Map<string, Series>();
      for (const sample of samples) addSample(series, sample, versions.canary);
      return {
        series,
        killed: killedProxies(plan, await ask(KILLED)),
        latencyMs: await latency(plan, versions.canary, to, ask),
        faults: [],
      };
    },
  };
}

function versionOf(plan: RolloutPlan, arm: "stable" | "canary"): string {
  const version = plan[arm].labels["version"];
  if (version !== undefined) return version;
  throw new GanglionError(
    "E_ROLLOUT_PLAN",
    `arm ${plan[arm].name} has no label version: Istio's metrics tell arms apart by nothing else`,
    { hint: "Give its pods a label version, or read the proxies: leave analysis.metrics out." },
  );
}

function addSample(series: Map<string, Series>, sample: Sample, canary: string): void {
  const { labels, value } = sample;
  if (!Number.isSafeInteger(value) || value < 0) return;
  const { response_code: code = "", response_flags: flags = "" } = labels;
  const isGone = code === "0" || code === "";
  if (isGone && flags.split(",").includes(CLIENT_LEFT)) return;
  const isError =
    isGone || /^5\d\d$/.test(code) || GRPC_FAULTS.includes(labels["grpc_response_status"] ?? "");
  series.set(JSON.stringify(Object.entries(labels).sort()), {
    arm: labels["destination_version"] === canary ? "canary" : "stable",
    counts: { requests: value, errors: isError ? value : 0 },
  });
}

function killedProxies(plan: RolloutPlan, samples: readonly Sample[]): GuardKill[] {
  const places = new Map<string, { proxy: string; route: string; values: Map<string, number> }>();
  for (const { labels, value } of samples) {
    const inName = /^route___(.+)___(.+)$/.exec(labels["__name__"] ?? "");
    const route = plan.routes.find((name) => isRoute(name, labels["route"] ?? inName?.[1]));
    if (route === undefined) continue;
    const proxy = labels["pod"] ?? labels["instance"] ?? "a proxy";
    const key = JSON.stringify([proxy, route]);
    const place = places.get(key) ?? { proxy, route, values: new Map<string, number>() };
    place.values.set(inName?.[2] ?? labels["__name__"] ?? "", value);
    places.set(key, place);
  }
  return [...places.values()].flatMap(({ proxy, route, values }) => {
    return guardKill(proxy, route, values) ?? [];
  });
}

async function latency(
  plan: RolloutPlan,
  canary: string,
  to: string,
  ask: (query: string) => Promise<Sample[]>,
): Promise<number | undefined> {
  if (plan.latency === undefined) return undefined;
  const windowS = Math.max(LATENCY_WINDOW_S_MIN, Math.ceil((2 * plan.intervalMs) / 1000));
  const bucket = `istio_request_duration_milliseconds_bucket{${to},destination_version="${quoted(canary)}"}`;
  const { quantile } = plan.latency;
  const query = `histogram_quantile(${quantile}, sum by (le) (rate(${bucket}[${windowS}s])))`;
  const [sample] = await ask(query);
  return sample !== undefined && Number.isFinite(sample.value) ? sample.value : undefined;
}

function queryUrl(url: string, query: string): string {
  const target = new URL("api/v1/query", url.endsWith("/") ? url : `${url}/`);
  target.searchParams.set("query", query);
  return target.href;
}

/** @throws Error for anything but a vector */
function samplesOf(text: string): Sample[] {
  const answer = JSON.parse(text) as {
    status?: unknown;
    error?: unknown;
    data?: { resultType?: unknown; result?: unknown };
  };
  const { result, resultType } = answer.data ?? {};
  if (answer.status !== "success" || resultType !== "vector" || !Array.isArray(result)) {
    throw new Error(`no vector: ${String(answer.error ?? resultType ?? answer.status)}`);
  }
  return result.map((one: { metric?: Record<string, string>; value?: [number, string] }) => {
    return { labels: one.metric ?? {}, value: Number(one.value?.[1]) };
  });
}

/** As an RE2 expression that matches nothing else. */
function literal(text: string): string {
  return text.replace(/[.+*?()[\]{}|^$\\]/g, "\\$&");
}

/** Inside double quotes of PromQL. */
function quoted(text: string): string {
  return text.replace(/[\\"]/g, "\\$&");
}
