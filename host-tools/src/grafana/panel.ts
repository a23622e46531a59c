// A panel as we describe it: what it asks and how it shows the answer. dashboard-json.ts makes Grafana's
// own form of it.

/** Panels that come with Grafana itself. */
export const PANEL_KINDS = [
  "timeseries",
  "stat",
  "bargauge",
  "heatmap",
  "nodeGraph",
  "state-timeline",
] as const;
export type PanelKind = (typeof PANEL_KINDS)[number];

/** Grafana's unit ids. */
export type Unit = "reqps" | "ms" | "\u00b5s" | "percentunit" | "short" | "s";

export interface Query {
  readonly expr: string;
  /** Grafana's template, e.g. `{{arm}}`; the labels themselves where left out. */
  readonly legend?: string;
  /** `A`, `B`, ... unless said. */
  readonly refId?: string;
  /** Of the newest moment only, as a table; for panels that show no course of time. */
  readonly isTable?: boolean;
}

/** From this value on, in this colour. */
export interface Step {
  readonly from: number;
  readonly color: "green" | "yellow" | "orange" | "red";
}

export interface Panel {
  readonly title: string;
  /** One or two sentences: what it shows and what is bad. */
  readonly description: string;
  readonly kind: PanelKind;
  readonly queries: readonly Query[];
  readonly unit: Unit;
  /** In columns of 24. */
  readonly width: 6 | 8 | 12 | 24;
  /** Green below the first. */
  readonly steps?: readonly Step[];
  /** The axis or bar ends here. */
  readonly max?: number;
  /** Where the axis has values of very different size. */
  readonly isLogarithmic?: boolean;
  /** New names of fields of a table, for panels that know fields by name. */
  readonly fieldNames?: Readonly<Record<string, string>>;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}
