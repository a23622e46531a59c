// Reads Envoy's admin pages.

import { GanglionError } from "../lib/errors";
import { httpGet } from "./http-get";

interface StatsPage {
  readonly stats: readonly { readonly name?: string; readonly value?: number | string }[];
}

interface ListenersPage {
  readonly listener_statuses: readonly {
    readonly name: string;
    readonly local_address: { readonly socket_address: { readonly port_value: number } };
  }[];
}

export class EnvoyAdmin {
  constructor(readonly port: number) {}

  /** Whether Envoy says that it takes traffic; false also while nobody answers. */
  async isReady(): Promise<boolean> {
    try {
      return (await httpGet(this.port, "/ready", { timeoutMs: 2000 })).status === 200;
    } catch {
      return false;
    }
  }

  /**
   * Counters and gauges by full name (Wasm metrics begin with `wasmcustom.`).
   *
   * @param filter regular expression on names, applied by Envoy
   */
  async stats(filter = ""): Promise<Map<string, number>> {
    const page = await this.get(`/stats?format=json&filter=${encodeURIComponent(filter)}`);
    const stats = new Map<string, number>();
    for (const { name, value } of (JSON.parse(page) as StatsPage).stats) {
      if (name !== undefined && typeof value === "number") stats.set(name, value);
    }
    return stats;
  }

  /** One counter or gauge; 0 if there is none of that name. */
  async stat(name: string): Promise<number> {
    const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return (await this.stats(`^${escaped}$`)).get(name) ?? 0;
  }

  /** The Prometheus page as text. */
  prometheus(): Promise<string> {
    return this.get("/stats/prometheus");
  }

  async configDump(): Promise<unknown> {
    return JSON.parse(await this.get("/config_dump")) as unknown;
  }

  /** The port that each listener really has, by listener name. */
  async listenerPorts(): Promise<Map<string, number>> {
    const page = JSON.parse(await this.get("/listeners?format=json")) as ListenersPage;
    return new Map(
      page.listener_statuses.map((status) => [
        status.name,
        status.local_address.socket_address.port_value,
      ]),
    );
  }

  /** Polls until the stat is at least `minimum`. @throws GanglionError E_ENVOY_STAT */
  async waitForStat(name: string, minimum: number, timeoutMs = 10_000): Promise<number> {
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const value = await this.stat(name);
      if (value >= minimum) return value;
      if (performance.now() > deadlineMs) {
        const bound = `${value} after ${timeoutMs} ms, not ${minimum}`;
        throw new GanglionError("E_ENVOY_STAT", `Envoy's ${name} is ${bound}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private async get(path: string): Promise<string> {
    const reply = await httpGet(this.port, path);
    if (reply.status === 200) return reply.body;
    throw new GanglionError("E_ENVOY_ADMIN", `Envoy's admin answered ${reply.status} to ${path}`);
  }
}
