// Options of Grafana's panels by kind, complete: a reader that wants all of them (Grafana's own
// foundation SDK does) takes the dashboard as well as Grafana, which fills in what is missing.

import type { Panel, PanelKind, Unit } from "./panel";

const LEGEND = { displayMode: "list", placement: "bottom", showLegend: true, calcs: [] } as const;
const TOOLTIP = { mode: "single", sort: "none" } as const;
const NEWEST = {
  reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
  orientation: "auto",
} as const;

const OPTIONS: Readonly<Record<PanelKind, (unit: Unit) => object>> = {
  timeseries: () => ({ legend: LEGEND, tooltip: { mode: "multi", sort: "desc" } }),
  stat: () => ({
    ...NEWEST,
    graphMode: "none",
    colorMode: "value",
    justifyMode: "auto",
    textMode: "auto",
    wideLayout: true,
    showPercentChange: false,
    percentChangeColorMode: "standard",
  }),
  bargauge: () => ({
    ...NEWEST,
    orientation: "horizontal",
    displayMode: "basic",
    valueMode: "color",
    namePlacement: "auto",
    showUnfilled: true,
    sizing: "auto",
    minVizWidth: 8,
    minVizHeight: 16,
    maxVizHeight: 300,
    legend: { ...LEGEND, showLegend: false },
  }),
  heatmap: (unit) => ({
    calculate: false,
    cellGap: 1,
    color: {
      mode: "scheme",
      scheme: "Oranges",
      fill: "dark-orange",
      exponent: 0.5,
      steps: 64,
      reverse: false,
    },
    showValue: "never",
    legend: { show: true },
    tooltip: { mode: "single", yHistogram: false, showColorScale: false },
    exemplars: { color: "rgba(255,0,255,0.7)" },
    yAxis: { axisPlacement: "left", unit },
  }),
  nodeGraph: () => ({}),
  "state-timeline": () => ({
    showValue: "auto",
    rowHeight: 0.9,
    mergeValues: true,
    legend: LEGEND,
    tooltip: TOOLTIP,
  }),
};

export function panelOptions({ kind, unit }: Panel): object {
  return OPTIONS[kind](unit);
}
