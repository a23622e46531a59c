import { describe, expect, it } from "vitest";
import {
  ENVOY_DEFAULTS,
  ejections,
  type HostAnswer,
} from "../../../host-tools/src/faults/outlier-detection";

/** One answer each 100 ms, hosts in turn; `fails` says which are 5xx. */
function answers(count: number, hosts: number, fails: (i: number) => boolean): HostAnswer[] {
  return Array.from({ length: count }, (_, i) => ({
    atMs: i * 100,
    host: i % hosts,
    isServerError: fails(i),
  }));
}

describe("the model of Envoy's outlier detection", () => {
  it("ejects a host at its fifth failure in a row, for thirty seconds, then for sixty", () => {
    const failing = answers(1200, 1, () => true);
    // 0.4 s; back at 30.4 s, five answers later; then a minute more.
    expect(ejections(failing, 1, ENVOY_DEFAULTS)).toEqual([400, 30_800, 91_200]);
  });

  it("begins to count anew after a good answer", () => {
    const four = answers(400, 1, (i) => i % 5 !== 0);
    expect(ejections(four, 1, ENVOY_DEFAULTS)).toEqual([]);
  });

  it("forgives one ejection for each interval of health", () => {
    // Failing for a second, healthy for 80 s, failing again: the second ejection lasts no longer.
    const twice = answers(2000, 1, (i) => i < 10 || (i >= 800 && i < 1120));
    expect(ejections(twice, 1, ENVOY_DEFAULTS)).toEqual([400, 80_400, 110_800]);
  });

  it("compares success rates only among enough hosts with enough requests", () => {
    const options = { ...ENVOY_DEFAULTS, consecutive_5xx: 1000, success_rate_stdev_factor: 1000 };
    const busy = { ...options, success_rate_request_volume: 15 };
    // Host 0 of six fails every second request.
    const one = answers(400, 6, (i) => i % 12 === 0);
    expect(ejections(one, 6, busy)[0]).toBe(10_000);
    expect(ejections(one, 6, { ...busy, success_rate_minimum_hosts: 7 })).toEqual([]);
    expect(ejections(one, 6, { ...busy, success_rate_request_volume: 100 })).toEqual([]);
  });

  it("never finds one of three hosts 1.9 deviations below the mean", () => {
    const options = {
      ...ENVOY_DEFAULTS,
      consecutive_5xx: 1000,
      success_rate_minimum_hosts: 3,
      success_rate_request_volume: 10,
    };
    const one = answers(2000, 3, (i) => i % 3 === 0);
    expect(ejections(one, 3, options)).toEqual([]);
    const reachable = { ...options, success_rate_stdev_factor: 1300 };
    expect(ejections(one, 3, reachable)[0]).toBe(10_000);
  });

  it("ejects by failure percentage where that is enforced", () => {
    const options = {
      ...ENVOY_DEFAULTS,
      consecutive_5xx: 1000,
      failure_percentage_threshold: 30,
      failure_percentage_minimum_hosts: 1,
      failure_percentage_request_volume: 20,
      enforcing_failure_percentage: 100 as const,
    };
    const third = answers(150, 1, (i) => i % 3 === 0);
    expect(ejections(third, 1, options)).toEqual([10_000]);
    expect(ejections(third, 1, { ...options, enforcing_failure_percentage: 0 })).toEqual([]);
    expect(ejections(third, 1, { ...options, failure_percentage_threshold: 40 })).toEqual([]);
  });
});
