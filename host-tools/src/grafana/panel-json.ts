// A panel in Grafana's own form.

import { panelOptions } from "./panel-options";
import type { Panel, Query } from "./panel";

/** The variable by which a reader chooses among several Prometheus. */
const DATASOURCE = { type: "prometheus", uid: "${datasource}" } as const;
export const PANEL_HEIGHT = 8;

export interface GridPlace {
  readonly x: number;
  readonly y: number;
}

export function panelJson(panel: Panel, id: number, { x, y }: GridPlace): object {
  return {
    id,
    type: panel.kind,
    title: panel.title,
    description: panel.description,
    datasource: DATASOURCE,
    gridPos: { h: PANEL_HEIGHT, w: panel.width, x, y },
    targets: panel.queries.map((query, index) => target(query, panel, index)),
    fieldConfig: { defaults: fieldDefaults(panel), overrides: [] },
    options: panelOptions(panel),
    ...(panel.fieldNames && { transformations: [renamed(panel.fieldNames)] }),
  };
}

function target(query: Query, { kind }: Panel, index: number): object {
  return {
    refId: query.refId ?? String.fromCharCode("A".charCodeAt(0) + index),
    datasource: DATASOURCE,
    editorMode: "code",
    expr: query.expr,
    ...(query.legend !== undefined && { legendFormat: query.legend }),
    ...moments(query, kind),
  };
}

function moments(query: Query, kind: Panel["kind"]): object {
  if (query.isTable) return { format: "table", instant: true, range: false };
  if (kind === "heatmap") return { format: "heatmap", instant: false, range: true };
  const isNewest = kind === "stat" || kind === "bargauge";
  return { format: "time_series", instant: isNewest, range: !isNewest };
}

function fieldDefaults(panel: Panel): object {
  const steps = panel.steps?.map(({ from, color }) => ({ value: from, color }));
  const isCoursed = panel.kind === "timeseries";
  return {
    unit: panel.unit,
    min: 0,
    ...(panel.max !== undefined && { max: panel.max }),
    ...(steps && {
      color: { mode: "thresholds" },
      thresholds: { mode: "absolute", steps: [{ value: null, color: "green" }, ...steps] },
    }),
    ...(isCoursed && {
      custom: {
        fillOpacity: 10,
        showPoints: "never",
        ...(panel.isLogarithmic && { scaleDistribution: { type: "log", log: 10 } }),
      },
    }),
  };
}

function renamed(names: Readonly<Record<string, string>>): object {
  return { id: "organize", options: { renameByName: names, excludeByName: {}, indexByName: {} } };
}
