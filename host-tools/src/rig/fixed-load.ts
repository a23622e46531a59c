// Latency at a fixed rate over a fixed number of connections, by Fortio if it was found and by our
// own generator if not. The result carries the name of what measured it: the two do not mean quite
// the same (Fortio's latency starts when a connection is free, ours when the request was meant to
// start).

import { runFortio, type FortioReport, type FoundFortio } from "./fortio";
import { constantArrivals } from "./load/arrivals";
import { startLoadGenerator } from "./load/load-generator";
import { summarise, type LoadSummary } from "./load/load-summary";

export interface FixedLoad {
  /** Default 127.0.0.1. */
  readonly address?: string;
  readonly port: number;
  /** Header `host`; by default address and port. */
  readonly host?: string;
  /** Default `/`. */
  readonly path?: string;
  readonly connections: number;
  readonly rateHz: number;
  readonly durationMs: number;
  /**
   * Least latency to be expected, e.g. the upstream's. Fortio's histogram has narrow buckets only
   * near its offset: at 50 ms its default ones are 10 ms wide, from here 0.1 ms. Default 0.
   */
  readonly expectedMs?: number;
}

export interface FixedLoadResult {
  /** `fortio 1.66.5` or `built-in`. */
  readonly generator: string;
  readonly requests: number;
  /** Anything but 2xx. */
  readonly failed: number;
  readonly achievedRateHz: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly meanMs: number;
  /** Fortio's JSON or our summary, to be kept beside the figures. */
  readonly raw: FortioReport | LoadSummary;
}

/** @param fortio from `findFortio`; undefined uses our generator */
export function runFixedLoad(
  load: FixedLoad,
  fortio: FoundFortio | undefined,
): Promise<FixedLoadResult> {
  return fortio ? withFortio(load, fortio) : withBuiltIn(load);
}

async function withFortio(load: FixedLoad, fortio: FoundFortio): Promise<FixedLoadResult> {
  const url = `http://${load.address ?? "127.0.0.1"}:${load.port}${load.path ?? "/"}`;
  const args = ["-c", String(load.connections), "-qps", String(load.rateHz)];
  if (load.host !== undefined) args.push("-H", `Host: ${load.host}`);
  args.push("-t", `${load.durationMs}ms`, "-nocatchup", "-uniform");
  const offsetMs = Math.max(0, (load.expectedMs ?? 0) - 1);
  args.push("-r", "0.0001", "-offset", `${offsetMs}ms`);
  const report = await runFortio(fortio, url, args, load.durationMs + 60_000);
  const histogram = report.DurationHistogram;
  const at = (percentile: number): number =>
    1000 * (histogram.Percentiles?.find((each) => each.Percentile === percentile)?.Value ?? 0);
  const ok = Object.entries(report.RetCodes).filter(([code]) => /^2\d\d$/.test(code));
  return {
    generator: `fortio ${fortio.version}`,
    requests: histogram.Count,
    failed: histogram.Count - ok.reduce((sum, [, count]) => sum + count, 0),
    achievedRateHz: report.ActualQPS,
    p50Ms: at(50),
    p90Ms: at(90),
    p99Ms: at(99),
    p999Ms: at(99.9),
    meanMs: 1000 * histogram.Avg,
    raw: report,
  };
}

async function withBuiltIn(load: FixedLoad): Promise<FixedLoadResult> {
  const generator = await startLoadGenerator();
  try {
    const result = await generator.openLoop({
      target: { port: load.port, ...(load.address !== undefined && { host: load.address }) },
      templates: [
        {
          tag: "all",
          path: load.path ?? "/",
          ...(load.host !== undefined && { headers: { host: load.host } }),
        },
      ],
      intendedMs: constantArrivals(load.rateHz, load.durationMs),
      connectionsMax: load.connections,
      sendsTrafficId: false,
    });
    const summary = summarise(result);
    const { maxMs: _max, ...percentiles } = summary.latency;
    return {
      generator: "built-in",
      requests: summary.requests,
      failed: summary.requests - summary.ok,
      achievedRateHz: summary.achievedRateHz,
      ...percentiles,
      raw: summary,
    };
  } finally {
    await generator.stop();
  }
}
