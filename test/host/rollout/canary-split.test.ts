import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { yamlText } from "../../../host-tools/src/istio/yaml-text";
import {
  type CanarySplit,
  canaryWeights,
  type HttpRule,
  splitHttp,
} from "../../../host-tools/src/rollout/canary-split";
import { expectGolden } from "../../support/golden";
import { samplePlan } from "./sample";

const { host, stable, canary } = samplePlan();

/** As `render` writes it: a named arm, a route by path, the rest. */
const HTTP: readonly HttpRule[] = [
  {
    name: "chat-gpt-4o-mini",
    match: [
      { uri: { prefix: "/api/llm/chat" }, headers: { "x-ganglion-arm": { exact: "gpt-4o-mini" } } },
    ],
    route: [{ destination: { host, subset: "mini", port: { number: 8080 } } }],
    timeout: "30s",
  },
  {
    name: "chat",
    match: [{ uri: { prefix: "/api/llm/chat" }, method: { exact: "POST" } }],
    route: [{ destination: { host, subset: "v1", port: { number: 8080 } } }],
    timeout: "30s",
    retries: { attempts: 0 },
  },
  { name: "rest", route: [{ destination: { host, subset: "v1" } }] },
];

function split(changes: Partial<CanarySplit> = {}): CanarySplit {
  return {
    host,
    stable,
    canary,
    weight: 5,
    mirrorPercent: 0,
    testers: [],
    affinity: undefined,
    id: "r1",
    ...changes,
  };
}

describe("the rules of a canary", () => {
  it.each([
    ["weights", split({ testers: [{ header: "x-canary-user", exact: "true" }] })],
    ["mirror", split({ weight: 0, mirrorPercent: 10 })],
    ["cookie", split({ affinity: { kind: "cookie", name: "ganglion-canary", maxAgeS: 3600 } })],
    ["header", split({ weight: 20, affinity: { kind: "header", name: "x-session-id" } })],
    ["rolled-back", split({ weight: 0 })],
    ["completed", split({ weight: 100 })],
  ])("are those of the golden file for %s", (name, wanted) => {
    expectGolden(`rollout/split-${name}.yaml`, yamlText({ http: splitHttp(HTTP, wanted) }));
  });

  it("are the same whatever split was there before", () => {
    const any = fc.record({
      weight: fc.integer({ min: 0, max: 100 }),
      mirrorPercent: fc.constantFrom(0, 1, 10),
      testers: fc.constantFrom([], [{ header: "x-canary-user", exact: "true" }]),
      affinity: fc.constantFrom(
        undefined,
        { kind: "cookie", name: "c", maxAgeS: 60 } as const,
        { kind: "header", name: "x-session-id" } as const,
      ),
    });
    fc.assert(
      fc.property(any, any, (before, after) => {
        const once = splitHttp(HTTP, split(after));
        const twice = splitHttp(splitHttp(HTTP, split(before)), split(after));
        expect(twice).toEqual(once);
      }),
      { seed: 4 },
    );
  });

  it("add up to 100 % in every rule", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), (weight) => {
        const http = splitHttp(HTTP, split({ weight }));
        expect(canaryWeights(http, split())).toEqual([weight, weight]);
        for (const { route } of http) {
          const sum = (route ?? []).reduce((all, one) => all + (one.weight ?? 100), 0);
          expect(sum).toBe(100);
        }
      }),
      { seed: 5 },
    );
  });

  it("leave rules of other hosts, other arms and without a subset alone", () => {
    const others: HttpRule[] = [
      {
        name: "other",
        route: [{ destination: { host: "else.ai.svc.cluster.local", subset: "v1" } }],
      },
      { name: "no-subset", route: [{ destination: { host } }] },
      { name: "redirect", redirect: { uri: "/" } },
      HTTP[0] as HttpRule,
    ];
    expect(splitHttp(others, split())).toEqual(others);
    expect(canaryWeights(others, split())).toEqual([]);
  });

  it("know the host by its short name, and keep it", () => {
    const [veto, rule] = splitHttp(
      [{ route: [{ destination: { host: "llm-service", subset: "v1" } }] }],
      split(),
    );
    expect(veto?.name).toBe("rule-0-canary-veto");
    expect(rule?.route?.map(({ destination }) => destination?.host)).toEqual([
      "llm-service",
      "llm-service",
    ]);
  });
});
