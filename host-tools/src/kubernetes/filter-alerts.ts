// Alerts about the filter itself: what it has found, and whether it works at all. Each expression
// is silent where its metric is missing, and one alert says when all of them are.

import type { Rule } from "./rule";

/** @param namespace whose pods run the filter; scraping labels their metrics with it */
export function filterAlerts(namespace: string): Rule[] {
  const of = (metric: string, ...labels: string[]): string =>
    `${metric}{${[`namespace="${namespace}"`, ...labels].join(",")}}`;
  return [...findings(of), ...configuration(of), ...health(of)];
}

type Selector = (metric: string, ...labels: string[]) => string;

const alert = (
  name: string,
  severity: "critical" | "warning" | "info",
  expr: string,
  forTime: string,
  summary: string,
): Rule => ({
  alert: name,
  expr,
  ...(forTime === "0s" ? {} : { for: forTime }),
  labels: { severity },
  annotations: { summary },
});

function findings(of: Selector): Rule[] {
  return [
    alert(
      "GanglionIncidentOpen",
      "warning",
      `max by (namespace, route) (${of("ganglion_incident_open")}) == 1`,
      "0s",
      "An incident of route {{ $labels.route }} is open: its requests look unlike any before.",
    ),
    alert(
      "GanglionArmEjected",
      "warning",
      `max by (namespace, route, arm) (${of("ganglion_arm_ejected")}) == 1`,
      "0s",
      "Arm {{ $labels.arm }} of route {{ $labels.route }} is ejected for its errors.",
    ),
    alert(
      "GanglionCanaryKilled",
      "critical",
      `max by (namespace, route) (${of("ganglion_canary_killed")}) == 1`,
      "0s",
      "A proxy has taken all traffic of route {{ $labels.route }} from the canary.",
    ),
  ];
}

function configuration(of: Selector): Rule[] {
  const epoch = of("ganglion_config_epoch");
  return [
    alert(
      "GanglionConfigRefused",
      "critical",
      `max by (namespace, pod) (${of("ganglion_config_error")}) == 1`,
      "1m",
      "The filter of pod {{ $labels.pod }} refuses the newest configuration and keeps the last.",
    ),
    alert(
      "GanglionEpochsDisagree",
      "warning",
      `max by (namespace) (${epoch}) - min by (namespace) (${epoch}) > 0`,
      "2m",
      "Proxies of {{ $labels.namespace }} have run different configurations for two minutes.",
    ),
  ];
}

function health(of: Selector): Rule[] {
  return [
    alert(
      "GanglionWorkerSilent",
      "critical",
      `changes(${of("ganglion_heartbeat_seconds")}[2m]) == 0`,
      "1m",
      "Worker {{ $labels.worker }} of pod {{ $labels.pod }} runs without the filter: its VM is dead.",
    ),
    alert(
      "GanglionFault",
      "critical",
      `sum by (namespace, pod) (increase(${of("ganglion_errors_total", 'cause="fault"')}[5m])) > 0`,
      "0s",
      "The filter of pod {{ $labels.pod }} has trapped; its log names the place.",
    ),
    alert(
      "GanglionDegraded",
      "info",
      `sum by (namespace, cause) (rate(${of("ganglion_errors_total", 'cause!="fault"')}[5m])) > 1`,
      "5m",
      "The filter does less than it should: {{ $labels.cause }}, more than once a second.",
    ),
    alert(
      "GanglionMissing",
      "critical",
      `absent(${of("ganglion_heartbeat_seconds")})`,
      "5m",
      "No proxy of the namespace reports the filter: not loaded, or not scraped.",
    ),
  ];
}
