// On what the guard of a canary decides beside a limit, and what it leaves behind of a kill.

import { describe, expect, it } from "vitest";
import type { PluginConfig } from "../../host-tools/src/config/plugin-config";
import {
  askCanary,
  canaryConfig,
  canaryRecords,
  failUntilKilled,
  STABLE_CLUSTER,
} from "../support/canary-traffic";
import { filterProxy, gauge, MS, settle } from "../support/filter-proxy";

const ROUTE = { route: "chat" };
const json = (config: PluginConfig) => JSON.stringify(config);

describe("a canary that was killed", () => {
  it("leaves word of when it was killed, and on which answers", () => {
    const proxy = filterProxy(canaryConfig());
    settle(proxy);
    expect(gauge(proxy, "ganglion_canary_kill_time_seconds", ROUTE)).toBe(0);
    const killedS = () => {
      failUntilKilled(proxy);
      settle(proxy);
      return gauge(proxy, "ganglion_canary_kill_time_seconds", ROUTE);
    };
    const firstS = killedS();
    expect(firstS).toBeGreaterThan(1_000_000_000);
    expect(gauge(proxy, "ganglion_canary_kill_answers", ROUTE)).toBe(10);
    expect(gauge(proxy, "ganglion_canary_kill_errors", ROUTE)).toBe(10);
    proxy.configure(json(canaryConfig({ id: "v2-2" }, { epoch: 2 })));
    settle(proxy);
    expect(gauge(proxy, "ganglion_canary_kill_time_seconds", ROUTE)).toBe(0);
    expect(gauge(proxy, "ganglion_canary_kill_answers", ROUTE)).toBe(0);
    proxy.advance(60_000 * MS);
    expect(killedS() - firstS).toBeGreaterThanOrEqual(60);
  });
});

describe("a canary beside the stable arm", () => {
  it("is found worse than the stable arm long before its errors are many", () => {
    const limit = { error_step_q16: 90_852, success_step_q16: 11_263 };
    const answers = (odds: number) => {
      const proxy = filterProxy(canaryConfig({ ...limit, odds }));
      for (let answer = 1; answer < 200; answer++) {
        for (let i = 0; i < 19; i++) askCanary(proxy, { cluster: STABLE_CLUSTER });
        askCanary(proxy, { status: answer % 5 === 0 ? 503 : 200 });
        if (canaryRecords(proxy)[0]?.isKilled) return { answer, proxy };
      }
      throw new Error("not killed");
    };
    const compared = answers(16);
    expect(compared.answer).toBeLessThan(answers(0).answer / 1.5);
    expect(compared.proxy.logs.messages().join("\n")).toContain("more than the stable arm's");
  });

  it("is not blamed for an outage of both arms by the comparison", () => {
    const proxy = filterProxy(
      canaryConfig({ threshold_q16: 400_000, error_step_q16: 1, odds: 16 }),
    );
    for (let i = 0; i < 300; i++) {
      askCanary(proxy, { status: i % 2 === 0 ? 503 : 200, cluster: STABLE_CLUSTER });
      askCanary(proxy, { status: i % 2 === 0 ? 503 : 200 });
    }
    expect(canaryRecords(proxy)).toMatchObject([{ isKilled: false }]);
  });
});
