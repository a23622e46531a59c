// The process's statistics store. Ids are per VM and per definition, values are shared by name over
// all VMs, which is what makes a counter incremented by two workers one counter in /stats.

import { MetricType } from "./abi";

export interface HistogramValue {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

export interface MetricValue {
  readonly type: "counter" | "gauge" | "histogram";
  readonly value: number | HistogramValue;
}

/** One statistic. Counters and gauges are 64-bit and wrap, as Envoy's do. */
export class Metric {
  readonly cell = new BigUint64Array(1);
  count = 0;
  sum = 0;
  min = Infinity;
  max = -Infinity;

  constructor(
    readonly type: number,
    readonly name: string,
  ) {}

  record(value: number): void {
    this.count++;
    this.sum += value;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }
}

const TYPE_NAMES = ["counter", "gauge", "histogram"] as const;

export class Metrics {
  private readonly byType: readonly Map<string, Metric>[] = [new Map(), new Map(), new Map()];

  /** The statistic of that type and name, made on first use. */
  define(type: number, name: string): Metric {
    const known = this.byType[type]!;
    let metric = known.get(name);
    if (metric === undefined) known.set(name, (metric = new Metric(type, name)));
    return metric;
  }

  /** Value of a counter, 0 when it was never defined. */
  counter(name: string): number {
    return Number(this.byType[MetricType.Counter]!.get(name)?.cell[0] ?? 0n);
  }

  /** Value of a gauge, 0 when it was never defined. */
  gauge(name: string): number {
    return Number(this.byType[MetricType.Gauge]!.get(name)?.cell[0] ?? 0n);
  }

  histogram(name: string): HistogramValue | undefined {
    const metric = this.byType[MetricType.Histogram]!.get(name);
    if (metric === undefined) return undefined;
    return { count: metric.count, sum: metric.sum, min: metric.min, max: metric.max };
  }

  /**
   * Every statistic by name, sorted, for comparison and for reports. Where one name has several
   * types, the later ones are told apart as `name (type)`.
   */
  snapshot(): Record<string, MetricValue> {
    const all = this.byType.flatMap((known) => [...known.values()]);
    all.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.type - b.type));
    const values: Record<string, MetricValue> = {};
    for (const metric of all) {
      const type = TYPE_NAMES[metric.type]!;
      const value = type === "histogram" ? this.histogram(metric.name)! : Number(metric.cell[0]);
      const key = metric.name in values ? `${metric.name} (${type})` : metric.name;
      values[key] = { type, value };
    }
    return values;
  }
}
