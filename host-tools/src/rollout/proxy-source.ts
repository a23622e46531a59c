// Counts straight from the filters: no Prometheus between, so no scrape interval to wait for, and the
// guard's kill is seen where it happens. A proxy that cannot be read is said and left out; its counts
// go on from where they are when it is back.

import type { Cluster } from "../cluster";
import { GanglionError } from "../lib/errors";
import type { LiveFilter } from "../weights/live-filter";
import { findProxies, namedProxies, type ProxyPlace } from "../weights/proxy-finder";
import type { CountSource, Reading, Series } from "./count-source";
import { fetchText } from "./fetch-text";
import { guardCounts } from "./filter-page";
import { type GuardKill, guardKill } from "./guard-kill";
import type { RolloutPlan } from "./rollout-plan";

/** Proxies read at once. */
const PARALLEL = 16;
/** Envoy leaves out everything else; a page that is merged by the agent does not know the parameter. */
const QUERY = "?filter=ganglion_(canary|stable)";

/** Proxies at addresses, `HOST:PORT`. */
export function namedProxySource(plan: RolloutPlan, addresses: readonly string[]): CountSource {
  const places = namedProxies(addresses.join());
  return proxySource(plan, `${places.length} named proxies`, () => Promise.resolve(places));
}

/** The proxies of the pods that `mesh.workloads` selects, looked up with every reading. */
export function podProxySource(plan: RolloutPlan, cluster: Cluster): CountSource {
  const target = {
    key: { namespace: plan.namespace },
    selector: plan.workloads,
    targetRefs: [],
  } as unknown as LiveFilter;
  return proxySource(plan, `the proxies of namespace ${plan.namespace}`, async () => {
    const { proxies } = await findProxies(cluster, target, false);
    return proxies;
  });
}

function proxySource(
  plan: RolloutPlan,
  name: string,
  places: () => Promise<readonly ProxyPlace[]>,
): CountSource {
  return {
    name,
    async read(): Promise<Reading> {
      const pages = await readPages(await places());
      const series = new Map<string, Series>();
      const killed: GuardKill[] = [];
      for (const { place, page } of pages) {
        if (page === undefined) continue;
        for (const [route, counts] of guardCounts(page, plan.routes)) {
          series.set(`${place.name} ${route} stable`, { arm: "stable", counts: counts.stable });
          series.set(`${place.name} ${route} canary`, { arm: "canary", counts: counts.canary });
          const kill = guardKill(place.name, route, counts.values);
          if (kill !== undefined) killed.push(kill);
        }
      }
      const faults = pages.flatMap(({ place, fault }) =>
        fault === undefined ? [] : [`${place.name}: ${fault}`],
      );
      if (faults.length === pages.length) throw nothingRead(name, faults);
      return { series, killed, latencyMs: undefined, faults };
    },
  };
}

interface ReadPage {
  readonly place: ProxyPlace;
  readonly page?: string;
  readonly fault?: string;
}

async function readPages(places: readonly ProxyPlace[]): Promise<ReadPage[]> {
  const pages: ReadPage[] = [];
  for (let from = 0; from < places.length; from += PARALLEL) {
    pages.push(...(await Promise.all(places.slice(from, from + PARALLEL).map(readPage))));
  }
  return pages;
}

async function readPage(place: ProxyPlace): Promise<ReadPage> {
  const { address } = place;
  if (address === undefined) return { place, fault: "no address yet" };
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  try {
    const page = await fetchText(`http://${host}:${address.port}${address.path}${QUERY}`);
    return { place, page };
  } catch (error) {
    return { place, fault: error instanceof Error ? error.message : String(error) };
  }
}

function nothingRead(name: string, faults: readonly string[]): GanglionError {
  const said = faults.length === 0 ? "there is none" : faults.slice(0, 3).join("; ");
  return new GanglionError("E_ROLLOUT_COUNTS", `no counts from ${name}: ${said}`, {
    hint:
      "Check that the filter runs with a canary record, that mesh.workloads selects its pods, and " +
      "that they can be reached from here; or set analysis.metrics.prometheus.",
  });
}
