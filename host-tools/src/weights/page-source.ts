// How a proxy's metrics page is read: straight from its address, through the API server where pods
// are not to be reached from here, or from the Prometheus that scrapes them anyway.

import type { Cluster } from "../cluster";
import { GanglionError } from "../lib/errors";
import { httpPage } from "../lib/http-page";
import { noAnswer } from "../lib/no-answer";
import { parsePage, type ProxyReading, READ_NAMES, readingOf } from "./metrics-page";
import { type Sample, unfolded } from "./metrics-page";
import type { ProxyPlace } from "./proxy-finder";

export interface PageSource {
  /** As messages say how the fleet was read. */
  readonly name: string;
  /** A worker whose heartbeat has not moved between readings this far apart is dead. */
  readonly silenceMs: number;
  /** @throws Error with the reason why the proxy says nothing */
  read(proxy: ProxyPlace): Promise<ProxyReading>;
}

const TIMEOUT_MS = 3_000;
/** Heartbeats are whole seconds, written twice a second. */
const SILENCE_MS = 2_000;
/** Two scrapes of the usual longest interval. */
const PROMETHEUS_SILENCE_MS = 130_000;
/** Envoy's page of a large mesh; ours is a fraction of it. */
const PAGE_BYTES_MAX = 32 * 1024 * 1024;

/** From the pod's address. */
export const directSource: PageSource = {
  name: "the proxies themselves",
  silenceMs: SILENCE_MS,
  async read(proxy) {
    if (proxy.address === undefined) throw new Error("the pod has no address yet");
    return parsePage(await httpText(proxy.address));
  },
};

/** Through the API server; needs `get` on `pods/proxy`. */
export function apiServerSource(cluster: Cluster): PageSource {
  return {
    name: "the API server's proxy",
    silenceMs: SILENCE_MS,
    async read({ pod, address }) {
      if (pod === undefined) throw new Error("it is no pod, the API server cannot reach it");
      const { namespace, name } = pod;
      const { port, path } = address ?? { port: 15090, path: "/stats/prometheus" };
      const attempted = {
        verb: "get",
        apiVersion: "v1",
        resource: "pods/proxy",
        namespace,
        name: `${name}:${port}`,
      } as const;
      const place = `/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy${path}`;
      return parsePage(await cluster.read(place, attempted));
    },
  };
}

/** From a Prometheus: as fresh as its last scrape, and by its labels namespace and pod. */
export function prometheusSource(url: string): PageSource {
  return {
    name: `Prometheus at ${url}`,
    silenceMs: PROMETHEUS_SILENCE_MS,
    async read({ pod, name }) {
      const labels =
        pod === undefined ? `instance="${name}"` : `namespace="${pod.namespace}",pod="${pod.name}"`;
      const query = `{__name__=~"${READ_NAMES}",${labels}}`;
      const target = new URL("api/v1/query", url.endsWith("/") ? url : `${url}/`);
      target.searchParams.set("query", query);
      const response = await fetch(target, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
        (cause: Error) => {
          throw new Error(`Prometheus at ${url}: ${noAnswer(cause, TIMEOUT_MS)}`, { cause });
        },
      );
      if (!response.ok) throw new Error(`Prometheus at ${url}: status ${response.status}`);
      return readingOf(samplesOf(await response.json()));
    },
  };
}

interface QueryAnswer {
  readonly data?: {
    readonly result?: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
}

function samplesOf(answer: unknown): Sample[] {
  const result = (answer as QueryAnswer).data?.result ?? [];
  return result.map(({ metric, value: [, value] }) => {
    const { __name__: written = "", ...labels } = metric;
    return { ...unfolded(written, labels), value: Number(value) };
  });
}

async function httpText(address: NonNullable<ProxyPlace["address"]>): Promise<string> {
  const bounds = { timeoutMs: TIMEOUT_MS, bytesMax: PAGE_BYTES_MAX };
  const { status, text } = await httpPage(address, bounds).catch((cause: Error) => {
    throw new Error(noAnswer(cause, TIMEOUT_MS), { cause });
  });
  if (status === 200) return text;
  throw new Error(`status ${status}`);
}

/** @throws GanglionError E_FLEET_SOURCE for a Prometheus address that is none */
export function checkedPrometheus(url: string): string {
  if (/^https?:\/\/[^\s]+$/.test(url)) return url;
  throw new GanglionError("E_FLEET_SOURCE", `${url} is no http(s) address`, { exitCode: 64 });
}
