// Requests as the callers' proxies see them: the four questions that everybody asks first, then latency
// as a whole and who calls whom.

import type { Policy } from "../../config/policy";
import { alertsOf } from "../../kubernetes/service-alerts";
import {
  errorRate,
  errorShare,
  latencyBuckets,
  latencyP99,
  requestRate,
} from "../../kubernetes/service-queries";
import type { Panel, Row } from "../panel";
import { topology } from "../topology";
import { CHOSEN_SERVICE, WHOLE_RANGE, WINDOW } from "../variables";

const CHOSEN = { hosts: { anyOf: CHOSEN_SERVICE } } as const;
const SERVICE = ["destination_service"] as const;

export function trafficRow(policy: Policy): Row {
  return {
    title: "Traffic",
    panels: [
      ...questions(),
      {
        title: "Latency",
        description: "How many requests took how long; a second band is a second kind of request.",
        kind: "heatmap",
        unit: "ms",
        width: 12,
        queries: [{ expr: latencyBuckets(CHOSEN, WINDOW), legend: "{{le}}" }],
      },
      errorBudget(policy),
      topology(policy.mesh.namespace),
    ],
  };
}

/** What everybody asks first. */
function questions(): Panel[] {
  return [
    {
      title: "Requests by version",
      description: "Requests per second that arrive at each version, as its own proxy counts.",
      kind: "timeseries",
      unit: "reqps",
      width: 12,
      queries: [
        {
          expr: requestRate(
            { ...CHOSEN, reporter: "destination" },
            [...SERVICE, "destination_version"],
            WINDOW,
          ),
          legend: "{{destination_service}} {{destination_version}}",
        },
      ],
    },
    {
      title: "Latency, 99th percentile",
      description: "One request in a hundred takes longer, as its caller sees it.",
      kind: "timeseries",
      unit: "ms",
      width: 12,
      queries: [{ expr: latencyP99(CHOSEN, SERVICE, WINDOW), legend: "{{destination_service}}" }],
    },
    {
      title: "Errors",
      description:
        "Share of requests that failed (5xx, as callers see it). Empty where there were none.",
      kind: "timeseries",
      unit: "percentunit",
      width: 12,
      queries: [{ expr: errorShare(CHOSEN, SERVICE, WINDOW), legend: "{{destination_service}}" }],
    },
    {
      title: "Errors by caller",
      description: "Failed requests per second, by the workload that made them.",
      kind: "timeseries",
      unit: "reqps",
      width: 12,
      queries: [
        {
          expr: errorRate(CHOSEN, [...SERVICE, "source_workload"], WINDOW),
          legend: "{{source_workload}} to {{destination_service}}",
        },
      ],
    },
  ];
}

/** One bar a service: each has its own limit. */
function errorBudget({ services }: Policy): Panel {
  return {
    title: "Errors against the alert's limit",
    description:
      "Share of failed requests over the dashboard's whole time, by the share at which the service " +
      "alerts: at 100 % the time was as bad as an alert.",
    kind: "bargauge",
    unit: "percentunit",
    width: 12,
    max: 1,
    steps: [
      { from: 0.5, color: "yellow" },
      { from: 1, color: "red" },
    ],
    queries: services.map((service) => ({
      expr: `${errorShare({ hosts: [service.host] }, [], WHOLE_RANGE)} / ${alertsOf(service).error_percent / 100}`,
      legend: service.name,
    })),
  };
}
