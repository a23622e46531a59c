// A real Prometheus on a free loopback port, scraping given targets at a short interval or holding
// recorded samples, with its data in a folder that goes when it stops. promtool lies beside it.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  freePort,
  httpGet,
  scratchDir,
  spawnGuarded,
  type GuardedChild,
} from "../../host-tools/src/rig";
import { findPackage } from "./debian-package";
import type { Found } from "./found";

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

/** The folder of `prometheus` and `promtool`, or why there is none; throws that reason in CI. */
export function findPrometheus(): Promise<Found> {
  return findPackage("prometheus", ["prometheus", "promtool"]);
}

export interface PrometheusOptions {
  /** Loopback `HOST:PORT` of each target. */
  readonly targets?: readonly string[];
  /** Recorded before it starts, in OpenMetrics' text form with times in seconds, without `# EOF`. */
  readonly samples?: string;
  /** Between two scrapes. Default 200. */
  readonly intervalMs?: number;
  /** Default `/metrics`. */
  readonly metricsPath?: string;
}

/** One element of an instant vector. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

interface QueryReply {
  readonly status: string;
  readonly error?: string;
  readonly data: {
    readonly resultType: string;
    readonly result: readonly {
      readonly metric: Record<string, string>;
      readonly value: [number, string];
    }[];
  };
}

export class Prometheus {
  private constructor(
    readonly port: number,
    private readonly child: GuardedChild,
  ) {}

  /** @param folder from `findPrometheus` */
  static async start(folder: string, options: PrometheusOptions): Promise<Prometheus> {
    const dir = scratchDir("prometheus");
    const port = await freePort();
    mkdirSync(join(dir, "data"));
    if (options.samples !== undefined) record(folder, dir, options.samples);
    writeFileSync(join(dir, "prometheus.json"), JSON.stringify(configuration(options)));
    const child = spawnGuarded(join(folder, "prometheus"), [
      `--config.file=${join(dir, "prometheus.json")}`,
      `--storage.tsdb.path=${join(dir, "data")}`,
      "--storage.tsdb.retention.time=100y",
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=error",
    ]);
    const prometheus = new Prometheus(port, child);
    try {
      await prometheus.untilReady();
      return prometheus;
    } catch (error) {
      await prometheus.stop();
      throw error;
    }
  }

  /**
   * An instant query; a scalar is one sample without labels.
   *
   * @param atS seconds since 1970; by default now
   * @throws Error with Prometheus' words
   */
  async query(expression: string, atS?: number): Promise<Sample[]> {
    const time = atS === undefined ? "" : `&time=${atS}`;
    const path = `/api/v1/query?query=${encodeURIComponent(expression)}${time}`;
    const { body } = await httpGet(this.port, path);
    const reply = JSON.parse(body) as QueryReply;
    if (reply.status !== "success") throw new Error(reply.error ?? body);
    const { resultType, result } = reply.data;
    if (resultType === "scalar") {
      return [{ metric: {}, value: Number((result as unknown as [number, string])[1]) }];
    }
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  /** Polls until the query has a result. @throws Error when it has none in time */
  async waitFor(expression: string, timeoutMs = 60_000): Promise<Sample[]> {
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const samples = await this.query(expression);
      if (samples.length > 0) return samples;
      if (performance.now() > deadlineMs) throw new Error(`no data for ${expression}`);
      await pause();
    }
  }

  /** The expression as Prometheus itself writes it. @throws Error with its words where it is none */
  async format(expression: string): Promise<string> {
    const path = `/api/v1/format_query?query=${encodeURIComponent(expression)}`;
    const reply = JSON.parse((await httpGet(this.port, path)).body) as {
      readonly status: string;
      readonly error?: string;
      readonly data: string;
    };
    if (reply.status !== "success") throw new Error(`${expression}: ${reply.error}`);
    return reply.data;
  }

  async stop(): Promise<void> {
    await this.child.stop();
  }

  private async untilReady(): Promise<void> {
    let errors = "";
    this.child.process.stderr?.on("data", (chunk: Buffer) => (errors += String(chunk)));
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < deadlineMs && this.child.process.exitCode === null) {
      const status = await httpGet(this.port, "/-/ready").then(
        (reply) => reply.status,
        () => 0,
      );
      if (status === 200) return;
      await pause();
    }
    throw new Error(`prometheus did not start: ${errors.slice(-2000)}`);
  }
}

/** Writes the samples as blocks of its database. */
function record(folder: string, dir: string, samples: string): void {
  const file = join(dir, "samples.txt");
  writeFileSync(file, `${samples.trimEnd()}\n# EOF\n`);
  const args = ["tsdb", "create-blocks-from", "openmetrics", file, join(dir, "data")];
  execFileSync(join(folder, "promtool"), args, { stdio: "pipe" });
}

/** JSON is YAML. */
function configuration(options: PrometheusOptions): object {
  const interval = `${options.intervalMs ?? 200}ms`;
  return {
    global: { scrape_interval: interval, scrape_timeout: interval },
    scrape_configs: [
      {
        job_name: "targets",
        metrics_path: options.metricsPath ?? "/metrics",
        static_configs: [{ targets: options.targets ?? [] }],
      },
    ],
  };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
