// The filter's metrics out of Envoy's statistics, with the labels taken out of the names again. Not
// through the Prometheus page: a bench's Envoy has no tag expressions, and the names carry the
// same.

import type { EnvoyAdmin } from "../../host-tools/src/rig";

export interface FilterMetric {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export class FilterMetrics {
  constructor(readonly all: readonly FilterMetric[]) {}

  /** Values of every metric of this name that carries these labels. */
  values(name: string, labels: Readonly<Record<string, string>> = {}): number[] {
    const wanted = Object.entries(labels);
    return this.all
      .filter((one) => one.name === name && wanted.every(([k, v]) => one.labels[k] === v))
      .map((one) => one.value);
  }

  /** Their sum; 0 when there are none. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.values(name, labels).reduce((sum, value) => sum + value, 0);
  }
}

const PREFIX = "wasmcustom.";
const LABEL = /([a-z]+)=\.=(.*?);\.;/g;

/** A metric from the name under which Envoy keeps it. */
export function parseFilterMetric(statName: string, value: number): FilterMetric {
  const encoded = statName.slice(PREFIX.length);
  const labels: Record<string, string> = {};
  for (const [, label, text] of encoded.matchAll(LABEL)) labels[label as string] = text as string;
  return { name: encoded.replace(LABEL, ""), labels, value };
}

export async function readFilterMetrics(admin: EnvoyAdmin): Promise<FilterMetrics> {
  const stats = await admin.stats("^wasmcustom\\.");
  return new FilterMetrics([...stats].map(([name, value]) => parseFilterMetric(name, value)));
}
