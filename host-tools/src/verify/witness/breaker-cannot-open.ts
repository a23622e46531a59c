// Outlier detection ejects a host only while the share of ejected hosts would stay within
// max_ejection_percent (outlier_detection_impl.cc): of one host half is none, of three it is one.

import { cluster, route, witnessBootstrap, type Message } from "./proxy-config";
import { ENTRY } from "./stage";
import { atLeast, exactly, type Ports, type Witness } from "./witness";

/** Requests to each of the two services, after the breaker has seen enough. */
const REQUESTS = 60;

function bootstrap(ports: Ports, maxEjectionPercent: number) {
  const breaker: Message = {
    outlier_detection: {
      consecutive_5xx: 5,
      interval: "10s",
      base_ejection_time: "30s",
      max_ejection_percent: maxEjectionPercent,
    },
    // As Istio writes minHealthPercent 0: no panic, an ejected host is not called.
    common_lb_config: { healthy_panic_threshold: { value: 0 } },
  };
  const { bad, alsoBad, good } = ports as Record<"bad" | "alsoBad" | "good", number>;
  return witnessBootstrap(
    [{ name: ENTRY, routes: [route("one", {}, "/one"), route("three", {}, "/three")] }],
    [cluster("one", [bad], breaker), cluster("three", [bad, alsoBad, good], breaker)],
  );
}

const law = { kind: "constant", ms: 1 } as const;
const faults = [{ atMs: 0, untilMs: Infinity, errorPermille: 1000 }];

export const breakerCannotOpen: Witness = {
  rule: "breaker-cannot-open",
  shows: "At 50 % one bad host of one is never ejected, and one bad host of three stays in.",
  standsFor: "Three loopback endpoints stand for replicas; bad ones answer 503 to everything.",
  upstreams: [
    { name: "bad", law, faults },
    { name: "alsoBad", law, faults },
    { name: "good", law },
  ],
  broken: (ports) => bootstrap(ports, 50),
  fixed: (ports) => bootstrap(ports, 100),
  async drive(stage) {
    for (const path of ["/one", "/three"]) await stage.send(30, { path });
    // Envoy hands changes of health to its workers at once, but the next only after a second.
    await stage.wait(2500);
    const before = await stage.upstream("bad");
    await stage.send(REQUESTS, { path: "/one" });
    const after = await stage.upstream("bad");
    const three = await stage.send(REQUESTS, { path: "/three" });
    const stats = ["one", "three"].flatMap((name) =>
      ["active", "overflow"].map((kind) => `cluster.${name}.outlier_detection.ejections_${kind}`),
    );
    const read = stats.map(async (name) => [name, await stage.settledStat(name)] as const);
    return {
      ...Object.fromEntries(await Promise.all(read)),
      of_one_reached_bad_host: after.requests - before.requests,
      of_three_answers_503: three.count(503),
    };
  },
  expect: {
    "cluster.one.outlier_detection.ejections_active": { broken: exactly(0), fixed: exactly(1) },
    "cluster.one.outlier_detection.ejections_overflow": { broken: atLeast(5), fixed: exactly(0) },
    "cluster.three.outlier_detection.ejections_active": { broken: exactly(1), fixed: exactly(2) },
    "cluster.three.outlier_detection.ejections_overflow": { broken: atLeast(5), fixed: exactly(0) },
    of_one_reached_bad_host: { broken: exactly(REQUESTS), fixed: exactly(0) },
    of_three_answers_503: { broken: exactly(REQUESTS / 2), fixed: exactly(0) },
  },
};
