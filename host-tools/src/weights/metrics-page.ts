// What a proxy's Prometheus page says about our filter. Read by hand and not by a client library:
// four metrics are looked at, and without Istio's extraStatTags the label stands in the name, where
// no library would find it (`worker___0___ganglion_config_epoch`).

import { Metric, metricName } from "../contract";

export interface WorkerReading {
  readonly epoch: number;
  /** Monotonic seconds of the machine at the worker's last tick. */
  readonly heartbeatS: number;
  /** True while the newest configuration delivered was refused. */
  readonly configError: boolean;
  readonly modelVersion: number;
}

export interface ProxyReading {
  /** By the number under which a worker publishes. Those of dead VMs stay. */
  readonly workers: ReadonlyMap<string, WorkerReading>;
  /** Worker threads of the proxy, undefined where the page does not say. */
  readonly concurrency: number | undefined;
  /** Configurations that the filter has refused, in all its VMs. */
  readonly refused: number;
  /** Configurations that it has ignored because their epoch was older. */
  readonly stale: number;
  /** Images that the proxy's agent could not fetch since it started; where its metrics are merged in. */
  readonly imageFailures: number;
}

const SAMPLE = /^([A-Za-z_:][\w:.=;]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const CONCURRENCY = "envoy_server_concurrency";
/** Of istio-agent (istio, pkg/wasm/monitoring.go). */
const IMAGE_FETCHES = "istio_agent_wasm_remote_fetch_count";
const FOREIGN = [CONCURRENCY, IMAGE_FETCHES];

const WORKER_METRICS = [
  Metric.ConfigEpoch,
  Metric.HeartbeatSeconds,
  Metric.ConfigError,
  Metric.ModelVersion,
] as const;

/** The names of all that a reading is made of, as RE2; a label of ours may stand in front of ours. */
export const READ_NAMES = [
  ...[...WORKER_METRICS, Metric.ConfigsTotal].map((metric) => `.*${metricName(metric)}`),
  ...FOREIGN,
].join("|");

/** A sample with the labels that Istio's way of naming put into the name. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads a page in Prometheus' text format; lines that make no sense are no samples. */
export function parsePage(page: string): ProxyReading {
  return readingOf(page.split("\n").flatMap((line) => parseSample(line) ?? []));
}

/** What samples of one proxy come to. */
export function readingOf(samples: readonly Sample[]): ProxyReading {
  const found = new Map<string, Partial<Record<Metric, number>>>();
  let concurrency: number | undefined;
  let refused = 0;
  let stale = 0;
  let imageFailures = 0;
  for (const { name, labels, value } of samples) {
    if (name === CONCURRENCY) concurrency = value;
    if (name === IMAGE_FETCHES && labels.result !== "success") imageFailures += value;
    if (name === metricName(Metric.ConfigsTotal)) {
      if (labels.cause === "refused") refused += value;
      if (labels.cause === "stale") stale += value;
    }
    const metric = WORKER_METRICS.find((one) => metricName(one) === name);
    const { worker } = labels;
    if (metric === undefined || worker === undefined) continue;
    found.set(worker, { ...found.get(worker), [metric]: value });
  }
  const workers = new Map<string, WorkerReading>();
  for (const [worker, values] of found) {
    const epoch = values[Metric.ConfigEpoch];
    const heartbeatS = values[Metric.HeartbeatSeconds];
    if (epoch === undefined || heartbeatS === undefined) continue;
    const configError = (values[Metric.ConfigError] ?? 0) !== 0;
    workers.set(worker, {
      epoch,
      heartbeatS,
      configError,
      modelVersion: values[Metric.ModelVersion] ?? 0,
    });
  }
  return { workers, concurrency, refused, stale, imageFailures };
}

/** One line; undefined for comments, other metrics and what is not a sample. */
export function parseSample(line: string): Sample | undefined {
  const isForeign = FOREIGN.some((name) => line.startsWith(name));
  if (!line.includes("ganglion_") && !isForeign) return undefined;
  const [, written, labelText = "", valueText] = SAMPLE.exec(line) ?? [];
  if (written === undefined) return undefined;
  const labels: Record<string, string> = {};
  for (const [, label, text] of labelText.matchAll(LABEL)) labels[label!] = text!;
  const value = Number(valueText);
  return Number.isFinite(value) ? { ...unfolded(written, labels), value } : undefined;
}

/** Takes a label of ours out of the name, where nobody else has. */
export function unfolded(
  written: string,
  labels: Readonly<Record<string, string>>,
): Omit<Sample, "value"> {
  const at = written.indexOf("ganglion_");
  if (at <= 0) return { name: written, labels };
  const [, label, text] = /^(worker|cause|route)_{3}(.+?)_{3}$/.exec(written.slice(0, at)) ?? [];
  if (label === undefined) return { name: written, labels };
  return { name: written.slice(at), labels: { ...labels, [label]: text! } };
}
