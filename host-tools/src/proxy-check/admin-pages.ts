// The admin pages of a running Envoy that the check looks at.

import { EnvoyAdminPages } from "../envoy/admin";
import type { GanglionError } from "../lib/errors";

const PAGE_BYTES_MAX = 64 * 1024 * 1024;
/** The counters that are looked at; the whole page of a large mesh is many times as long. */
const COUNTERS =
  "^cluster\\.(outbound|inbound).*(ejections_enforced_total|_overflow|upstream_rq_retry|_timeout)$";

/** Texts of Envoy's admin, as they came. */
export interface AdminPages {
  /** `/config_dump?include_eds`, JSON. */
  readonly configDump: string;
  /** `/clusters?format=json`. */
  readonly clusters: string;
  /** `/stats?format=json`, the counters of clusters that tell of refusals, retries and time-outs. */
  readonly counters: string;
  /** `/stats/prometheus`, the filter's own metrics among it. */
  readonly metrics: string;
}

/**
 * Reads the pages of the Envoy whose admin listens at `address`, `HOST:PORT`.
 *
 * @throws GanglionError E_PROXY_ADDRESS, E_PROXY_ADMIN
 */
export async function adminPages(address: string): Promise<AdminPages> {
  const admin = proxyAdmin(address);
  return {
    configDump: await admin.read("/config_dump?include_eds"),
    clusters: await admin.read("/clusters?format=json"),
    counters: await admin.read(`/stats?format=json&filter=${encodeURIComponent(COUNTERS)}`),
    metrics: await admin.read("/stats/prometheus"),
  };
}

function proxyAdmin(address: string): EnvoyAdminPages {
  const codes = { address: "E_PROXY_ADDRESS", admin: "E_PROXY_ADMIN" };
  return new EnvoyAdminPages(address, { ...codes, bytesMax: PAGE_BYTES_MAX });
}

/** What to say of an address behind which there is no admin of an Envoy. */
export function notAnAdmin(address: string, reason: string): GanglionError {
  return proxyAdmin(address).refusal(reason);
}
