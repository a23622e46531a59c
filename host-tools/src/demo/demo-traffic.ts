// The requests of a demo run: each tenant's own stretch of the recorded chat trace, the flood on top.
// Made once and given to both sides.

import { makeTraffic, type Traffic } from "../rig/traces/traffic";
import { mergeTraffic, type TrafficColumns } from "../rig/traces/traffic-columns";
import { FLOOD, phaseNamed, type DemoTenant, type Scenario } from "./scenario";

export interface DemoTraffic {
  /** `template` is the index of the tenant. */
  readonly columns: TrafficColumns;
  /** `recorded` from the trace's file, `fitted` from the generator that stands in for it. */
  readonly source: Traffic["source"];
}

export const TRACE = "mooncake-chat";
const SEED_STEP = 7919;

/** @param dataDir where the traces are; default: where they are found, "" forces the generator */
export function makeDemoTraffic(scenario: Scenario, seed: number, dataDir?: string): DemoTraffic {
  let source: Traffic["source"] = "fitted";
  const flood = phaseNamed(scenario, FLOOD);
  const requestsOf = (rateHz: number, durationMs: number, salt: number): Traffic["requests"] => {
    const traffic = makeTraffic({
      trace: TRACE,
      rateHz,
      durationMs,
      seed: seed + salt * SEED_STEP,
      outputTokensMax: scenario.outputTokensMax,
      ...(dataDir === undefined ? {} : { dataDir }),
    });
    source = traffic.source;
    return traffic.requests;
  };
  const lists = scenario.tenants.map((tenant, index) => {
    const usual = requestsOf(tenant.rateHz, scenario.durationMs, index);
    if (tenant.floodRateHz === 0) return usual;
    const lengthMs = flood.untilMs - flood.fromMs;
    const extra = requestsOf(tenant.floodRateHz, lengthMs, index + scenario.tenants.length);
    const later = extra.map((one) => ({ ...one, atMs: one.atMs + flood.fromMs }));
    return [...usual, ...later].sort((a, b) => a.atMs - b.atMs);
  });
  return { columns: mergeTraffic(lists), source };
}

/** Path, method and headers of a tenant's requests, the same from either engine. */
export function tenantRequest(tenant: DemoTenant) {
  return {
    tag: tenant.name,
    method: "POST",
    path: "/api/llm/chat",
    headers: {
      host: "llm-service",
      "user-agent": "ganglion-demo",
      "x-user-tier": tenant.tier,
      "x-tenant": tenant.name,
    },
  };
}
