// What a policy says of how many replicas a service has.

import type { Format } from "./shape/format";
import {
  choice,
  durationMs,
  type FieldValues,
  flag,
  list,
  real,
  record,
  type Refuse,
  text,
  type ValueOf,
  whole,
} from "./shape/shape";

const REPLICAS_MAX = 10_000;
const replicas = { low: 1, high: REPLICAS_MAX, unit: "replicas" } as const;

const CRON: Format = {
  pattern: /^[-\d*/,]+ [-\d*/,]+ [-\d*/,]+ [-\d*/,]+ [-\d*/,]+$/,
  says: 'is no cron expression of five fields, e.g. "50 7 * * 1-5"',
};

const signalShape = record("A load from Prometheus, beside CPU.", {
  requests_per_second: real("Requests per second that one replica is to carry.", {
    low: 0.001,
    high: 1_000_000,
    unit: "requests/s",
    otherwise: "query and target say it",
  }),
  query: text("PromQL that gives one number for the whole service.", {
    otherwise: "the service's requests per second",
  }),
  target: real("Share of that number that one replica is to carry.", {
    low: 0.001,
    high: 1_000_000_000,
    otherwise: "requests_per_second",
  }),
  fallback_replicas: whole("Replicas while Prometheus does not answer.", {
    ...replicas,
    otherwise: "replicas_max",
  }),
});
export type ScalingSignal = ValueOf<typeof signalShape>;

const prewarmShape = record("Replicas that are up before a known rush begins.", {
  start: text("Cron expression of the beginning, cold start included.", {
    required: true,
    format: CRON,
    example: '"50 7 * * 1-5"',
  }),
  end: text("Cron expression of the end.", { required: true, format: CRON }),
  timezone: text("Name of the time zone.", { default: "Etc/UTC" }),
  replicas: whole("Replicas meanwhile.", { ...replicas, required: true }),
});

const scalingFields = {
  by: choice("Who scales: Kubernetes' own autoscaler, or KEDA.", ["hpa", "keda"] as const, {
    default: "hpa",
  }),
  deployment: text("Name of the Deployment.", {
    otherwise: "the service's name; with workload each Deployment of the service",
  }),
  replicas_min: whole("Never fewer.", { ...replicas, default: 2 }),
  replicas_max: whole("Never more.", { ...replicas, required: true }),
  cpu_percent: whole("CPU use to aim at, of what the pods ask for.", {
    low: 1,
    high: 100,
    unit: "%",
    otherwise: "CPU does not scale",
    example: "70",
  }),
  signal: signalShape,
  calm_ms: durationMs("How long load stays low before replicas go.", { default: 300_000 }),
  prewarm: list("Known rushes; KEDA only.", prewarmShape, { otherwise: "none" }),
};
export type Scaling = FieldValues<typeof scalingFields>;

const scalingShape = record("How many replicas the service's Deployment has.", scalingFields, {
  check: checkScaling,
});

/** Members of `mesh`. */
export const scalingMeshFields = {
  argo_rollouts: flag(
    "Render an AnalysisTemplate for each rollout, for a cluster with Argo Rollouts.",
    {
      otherwise: "false",
    },
  ),
};

/** Members of a service. */
export const scalingServiceFields = { scaling: scalingShape };

function checkScaling(scaling: Scaling, refuse: Refuse): void {
  const { replicas_min: low, replicas_max: high, signal, prewarm = [] } = scaling;
  if (low > high) refuse(`is above replicas_max ${high}`, "replicas_min");
  if (scaling.cpu_percent === undefined && signal === undefined) {
    refuse("scales by nothing: give cpu_percent, signal or both");
  }
  if (scaling.by === "hpa" && prewarm.length > 0) refuse("needs by: keda", "prewarm");
  for (const { replicas: wanted } of prewarm) {
    if (wanted > high) refuse(`wants ${wanted} replicas, above replicas_max ${high}`, "prewarm");
  }
  if (signal === undefined) return;
  const hasTarget = (signal.target ?? signal.requests_per_second) !== undefined;
  if (!hasTarget) refuse("needs requests_per_second, or query and target", "signal");
  if (signal.query !== undefined && signal.target === undefined) {
    refuse("query needs target", "signal");
  }
}
