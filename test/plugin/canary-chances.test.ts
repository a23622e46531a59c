// The sequential test behind the guard of a canary: that the filter counts as its reference does, how
// fast it finds a bad canary, and how seldom it kills a healthy one.

import { describe, expect, it } from "vitest";
import { guardSteps } from "../../host-tools/src/canary/guard-steps";
import { ReferenceGuard } from "../../host-tools/src/canary/reference-guard";
import { seededPrng } from "../../host-tools/src/lib/prng";
import {
  askCanary,
  canaryConfig,
  canaryRecords,
  STABLE_CLUSTER,
  tick,
} from "../support/canary-traffic";
import { filterProxy } from "../support/filter-proxy";

describe("the sequential test", () => {
  const steps = guardSteps({ healthy: 0.01, bad: 0.1, falseKill: 0.001 });

  it("agrees with its reference over 100,000 answers", () => {
    const prng = seededPrng(5).fork("answers");
    // Never killed, so that every answer is weighed; both ends of the scale are reached.
    const config = canaryConfig({ threshold_q16: 2_097_152, requests_min: 100_000 });
    const proxy = filterProxy(config, { workers: 2 });
    const twin = new ReferenceGuard({ ...steps, thresholdQ16: 2_097_152 }, 1_000_000);
    let low = 0;
    let high = 0;
    let different = 0;
    for (let i = 0; i < 100_000; i++) {
      const isError = prng.uniform() < (i % 20_000 < 10_000 ? 0.005 : 0.08);
      askCanary(proxy, { status: isError ? 503 : 200, worker: prng.below(2) });
      twin.answer(isError);
      low = Math.min(low, twin.evidenceQ16);
      high = Math.max(high, twin.evidenceQ16);
      const [record] = canaryRecords(proxy);
      const isSame =
        record?.evidenceQ16 === twin.evidenceQ16 &&
        record.requests === twin.requests &&
        record.errors === twin.errors;
      if (!isSame) different++;
    }
    expect(different).toBe(0);
    expect(low).toBe(-steps.floorQ16);
    expect(high).toBe(2 ** 24);
  });

  it("compares with the stable arm as its reference does, over 20,000 answers", () => {
    const prng = seededPrng(6).fork("answers");
    const config = canaryConfig({ threshold_q16: 2_097_152, requests_min: 100_000, odds: 16 });
    const proxy = filterProxy(config, { workers: 2 });
    const twin = new ReferenceGuard({ ...steps, thresholdQ16: 2_097_152 }, 1_000_000, 16, 2);
    let different = 0;
    for (let i = 0; i < 20_000; i++) {
      const worker = prng.below(2);
      const isError = prng.uniform() < (i % 4_000 < 2_000 ? 0.01 : 0.05);
      const status = isError ? 503 : 200;
      if (prng.uniform() < 0.8) {
        askCanary(proxy, { status, worker, cluster: STABLE_CLUSTER });
        twin.stableAnswer(isError, worker);
        continue;
      }
      askCanary(proxy, { status, worker });
      twin.answer(isError, worker);
      const [record] = canaryRecords(proxy);
      const isSame =
        record?.comparisonQ16 === twin.comparisonQ16 && record.aboveQ16 === twin.aboveQ16;
      if (!isSame) different++;
    }
    expect(different).toBe(0);
    expect(twin.comparisonQ16).not.toBe(0);
  });

  it("finds 20 % errors within 60 answers of the canary in at least 99 of 100 tries", () => {
    let found = 0;
    for (let seed = 1; seed <= 1000; seed++) {
      const prng = seededPrng(seed).fork("bad canary");
      const proxy = filterProxy(canaryConfig(), { workers: 2 });
      for (let i = 0; i < 60; i++) {
        askCanary(proxy, { status: prng.uniform() < 0.2 ? 503 : 200, worker: i % 2 });
      }
      tick(proxy);
      if (askCanary(proxy).arm === "v1") found++;
    }
    expect(found).toBeGreaterThanOrEqual(990);
  });

  it("kills a healthy canary in at most one of 1,000 rollouts", () => {
    let killed = 0;
    for (let seed = 1; seed <= 10_000; seed++) {
      const prng = seededPrng(seed).fork("healthy canary");
      const guard = new ReferenceGuard(steps, 10);
      for (let i = 0; i < 2000 && !guard.isKilled; i++) guard.answer(prng.uniform() < 0.01);
      if (guard.isKilled) killed++;
    }
    expect(killed).toBeLessThanOrEqual(10);
    expect(killed).toBeGreaterThan(0);
  });

  it("finds a canary that breaks after a long healthy time within three times the answers", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const prng = seededPrng(seed).fork("late");
      const guard = new ReferenceGuard(steps, 10);
      for (let i = 0; i < 5000; i++) guard.answer(false);
      let answers = 0;
      while (!guard.answer(prng.uniform() < 0.5)) answers++;
      expect(answers).toBeLessThan(40);
    }
  });
});
