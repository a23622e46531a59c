// The release filter in the embedded host gives the scores that training counts on: the same traffic
// through the whole filter and through the host's extraction and reference, request by request.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { FEATURES } from "../../../host-tools/src/contract";
import type { Stream } from "../../../host-tools/src/embedded";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { decodeArtifact } from "../../../host-tools/src/model/artifact";
import { extractFeatures } from "../../../host-tools/src/model/feature-extractor";
import { ReferenceScorer } from "../../../host-tools/src/model/reference";
import { drawProfile } from "../../../host-tools/src/training/route-profile";
import { generateRoute } from "../../../host-tools/src/training/synthetic-traffic";
import type { TrafficRequest } from "../../../host-tools/src/model/traffic";
import { MS, configOf, defaultModel, filterProxy, request } from "../../support/filter-proxy";

/** Traffic at whole milliseconds, so that clocks of different origin agree to the last bit. */
function wholeMs(requests: readonly TrafficRequest[]): TrafficRequest[] {
  return requests.map((r, i) => {
    const ttfbMs = Math.max(1, Math.round(r.ttfbMs));
    const restMs = Math.round(r.latencyMs - r.ttfbMs);
    // Some clients leave before an answer.
    const status = i % 41 === 7 ? 0 : r.status;
    const arrivalMs = Math.round(r.arrivalMs);
    const attempt = i % 13 === 4 ? 3 : 1;
    return { ...r, arrivalMs, ttfbMs, latencyMs: ttfbMs + restMs, status, attempt, limited: false };
  });
}

/** Requests as sent, with the sizes that the filter saw, and its scores. */
function throughFilter(requests: readonly TrafficRequest[]) {
  const proxy = filterProxy(
    configOf([{ name: "r", anomaly: { statistics: "off", sequence: "act" } }], {
      model: defaultModel(),
      mode: "shadow",
      expose: "always",
    }),
  );
  const streams: Stream[] = [];
  const scores: number[] = [];
  const seen: TrafficRequest[] = [];
  const events = requests.flatMap((r, index) => [
    { atMs: r.arrivalMs, order: 3 * index, index },
    { atMs: r.arrivalMs + r.ttfbMs, order: 3 * index + 1, index },
    { atMs: r.arrivalMs + r.latencyMs, order: 3 * index + 2, index },
  ]);
  events.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
  let nowMs = 0;
  for (const { atMs, order, index } of events) {
    proxy.advance((atMs - nowMs) * MS);
    nowMs = atMs;
    const r = requests[index]!;
    if (order % 3 === 0) {
      const path = `/${"p".repeat(r.pathBytes - 1)}`;
      const target = `${path}?${"q".repeat(r.queryBytes)}`;
      const length: [string, string] = ["content-length", String(r.contentBytes)];
      const attempt: [string, string] = ["x-envoy-attempt-count", String(r.attempt)];
      const headers = request(target, [length, attempt], r.unsafeMethod ? "POST" : "GET");
      const stream = (streams[index] = proxy.stream(0, { headers }));
      const list = stream.request.toList().filter(([name]) => !name.startsWith("x-ganglion-"));
      const headerBytes = list.reduce((sum, [n, v]) => sum + n.length + v.length + 2, 0);
      seen[index] = { ...r, path, headerBytes, headerCount: list.length };
      const score = stream.request.toList().find(([name]) => name === "x-ganglion-score");
      scores[index] = Number(score?.[1]);
    } else if (order % 3 === 1) {
      if (r.status !== 0)
        streams[index]!.pushResponseHeaders([[":status", String(r.status)]], false);
    } else if (r.status === 0) streams[index]!.reset();
    else streams[index]!.pushResponseBody("x", true).end();
  }
  return { scores, seen };
}

const artifact = decodeArtifact(readFileSync(resolve("wasmplugin/models/default.gngl")));

describe("the filter's scores", () => {
  it.each([0, 2, 3, 5])("are the reference's on traffic of kind %i", (kind) => {
    const random = seededPrng(60 + kind);
    const profile = { ...drawProfile(random, kind), errorShare: 0.03 };
    const faultMs = {
      fromMs: 1000 + 500_000 / profile.rateHz,
      toMs: 1000 + 700_000 / profile.rateHz,
    };
    const fault = { kind: "error-burst", share: 0.5, ...faultMs } as const;
    const { scores, seen } = throughFilter(wholeMs(generateRoute(profile, 1000, random, [fault])));
    const [sequence] = extractFeatures(seen);
    const reference = new ReferenceScorer(artifact);
    const expected = scores.map((_, i) => {
      const vector = sequence!.vectors.subarray(i * FEATURES, (i + 1) * FEATURES);
      return reference.stepRaw(vector).scorePermille;
    });
    expect(Math.max(...expected)).toBeGreaterThanOrEqual(999);
    expect(scores).toEqual(expected);
  });
});
