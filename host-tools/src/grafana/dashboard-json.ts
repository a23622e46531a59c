// The dashboard of a policy in Grafana's own form, of the schema that Grafana 10 and newer read. The same
// policy gives the same bytes; the uid follows from namespace and name, so that a new version replaces
// the old one and links to it stay.

import { createHash } from "node:crypto";
import type { Policy } from "../config/policy";
import type { DashboardFacts } from "../config/policy-dashboard";
import { dashboardRows } from "./dashboard-rows";
import type { Panel, Row } from "./panel";
import { PANEL_HEIGHT, panelJson } from "./panel-json";

const COLUMNS = 24;
const SCHEMA_VERSION = 39;

export function dashboardJson(policy: Policy, facts: DashboardFacts): object {
  const { name, mesh } = policy;
  return {
    uid: `ganglion-${shortHash(`${mesh.namespace}/${name}`)}`,
    title: `Ganglion: ${name} in ${mesh.namespace}`,
    description: "Requests, verdicts, arms, limits and health of the filter.",
    tags: ["ganglion", "istio"],
    schemaVersion: SCHEMA_VERSION,
    editable: true,
    graphTooltip: 1,
    time: { from: "now-1h", to: "now" },
    refresh: `${facts.refresh_s}s`,
    timezone: "browser",
    templating: { list: variables(policy) },
    annotations: { list: [] },
    links: [...(facts.links ?? [])].map(([title, url]) => link(title, url)),
    panels: placed(dashboardRows(policy)),
  };
}

/** Grafana takes at most 40 characters for a uid. */
function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

function variables({ services }: Policy): object[] {
  const routes = services.flatMap((service) => service.routes.map(({ name }) => name));
  return [
    { name: "datasource", label: "Prometheus", type: "datasource", query: "prometheus" },
    chosen(
      "service",
      "Service",
      services.map(({ name, host }) => [name, host] as const),
    ),
    chosen(
      "route",
      "Route",
      [...new Set(routes)].map((route) => [route, route] as const),
    ),
  ];
}

/** Several may be chosen; at first it is all of them. */
function chosen(
  name: string,
  label: string,
  values: readonly (readonly [text: string, value: string])[],
): object {
  const all = { text: "All", value: "$__all" };
  return {
    name,
    label,
    type: "custom",
    query: values.map(([text, value]) => (text === value ? value : `${text} : ${value}`)).join(","),
    multi: true,
    includeAll: true,
    current: { selected: true, ...all },
    options: [all, ...values.map(([text, value]) => ({ text, value }))].map((option, index) => ({
      selected: index === 0,
      ...option,
    })),
  };
}

function link(title: string, url: string): object {
  return {
    title,
    url,
    type: "link",
    icon: "external link",
    tooltip: "",
    tags: [],
    asDropdown: false,
    targetBlank: true,
    includeVars: false,
    keepTime: false,
  };
}

/** Rows from top to bottom, panels from left to right until the row's width is full. */
function placed(rows: readonly Row[]): object[] {
  let y = 0;
  let id = 0;
  return rows.flatMap(({ title, panels }) => {
    const head = {
      id: ++id,
      type: "row",
      title,
      collapsed: false,
      gridPos: { h: 1, w: COLUMNS, x: 0, y: y++ },
      panels: [],
    };
    const lines = linesOf(panels);
    return [
      head,
      ...lines.flatMap((line) => {
        let x = 0;
        const objects = line.map((panel) => {
          const object = panelJson(panel, ++id, { x, y });
          x += panel.width;
          return object;
        });
        y += PANEL_HEIGHT;
        return objects;
      }),
    ];
  });
}

function linesOf(panels: readonly Panel[]): Panel[][] {
  const lines: Panel[][] = [];
  let left = 0;
  for (const panel of panels) {
    if (panel.width > left) {
      lines.push([]);
      left = COLUMNS;
    }
    lines.at(-1)?.push(panel);
    left -= panel.width;
  }
  return lines;
}
