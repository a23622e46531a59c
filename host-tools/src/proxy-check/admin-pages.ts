// The admin pages of a running Envoy: few, bounded in time and size, because what listens at an address
// that a person typed may be anything.

import { request } from "node:http";
import { ExitCode, GanglionError } from "../lib/errors";

const TIMEOUT_MS = 10_000;
const PAGE_BYTES_MAX = 64 * 1024 * 1024;
const FORWARD =
  "In a cluster: kubectl port-forward -n NAMESPACE POD 15000, then --admin 127.0.0.1:15000.";
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
  const place = parseAddress(address);
  const read = (path: string): Promise<string> => page(place, path, address);
  return {
    configDump: await read("/config_dump?include_eds"),
    clusters: await read("/clusters?format=json"),
    counters: await read(`/stats?format=json&filter=${encodeURIComponent(COUNTERS)}`),
    metrics: await read("/stats/prometheus"),
  };
}

interface Place {
  readonly host: string;
  readonly port: number;
}

function parseAddress(address: string): Place {
  const parts = /^(.+):(\d{1,5})$/.exec(address);
  const port = Number(parts?.[2]);
  if (parts && port >= 1 && port <= 65_535) {
    return { host: (parts[1] as string).replace(/^\[(.*)\]$/, "$1"), port };
  }
  throw new GanglionError("E_PROXY_ADDRESS", `--admin ${address} is not HOST:PORT`, {
    hint: FORWARD,
    exitCode: ExitCode.usage,
  });
}

function page({ host, port }: Place, path: string, address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => reject(notAnAdmin(address, reason));
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const sent = request({ host, port, path, signal, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > PAGE_BYTES_MAX) sent.destroy(new Error("a page of more than 64 MiB"));
      });
      response.on("error", (error) => fail(error.message));
      response.on("end", () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString("utf8"));
        else fail(`it answered ${response.statusCode} to ${path.replace(/\?.*/, "")}`);
      });
    });
    sent
      .on("error", (error) => {
        fail(signal.aborted ? `no answer in ${TIMEOUT_MS} ms` : error.message);
      })
      .end();
  });
}

/** What to say of an address behind which there is no admin of an Envoy. */
export function notAnAdmin(address: string, reason: string): GanglionError {
  return new GanglionError("E_PROXY_ADMIN", `cannot ask Envoy at ${address}: ${reason}`, {
    hint: FORWARD,
  });
}
