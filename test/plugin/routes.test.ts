// Which route a request belongs to, against a plain reading of the rules, and the largest
// configuration that there is room for.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MatchConfig } from "../../host-tools/src/config/plugin-config";
import {
  ARMS_PER_ROUTE_MAX,
  LIMITS_PER_ROUTE_MAX,
  ROUTES_MAX,
} from "../../host-tools/src/contract";
import type { Header } from "../../host-tools/src/embedded";
import { configOf, counter, exchange, filterProxy } from "../support/filter-proxy";
import { request, settle, traps } from "../support/filter-proxy";

interface Asked {
  readonly path: string;
  readonly method: string;
  readonly authority: string;
}

/** The rules in their plainest form; index of the route, -1 for none. */
function expectedRoute(matches: readonly MatchConfig[], asked: Asked): number {
  const path = asked.path.split("?")[0]!;
  return matches.findIndex(
    (match) =>
      path.startsWith(match.path_prefix ?? "") &&
      (match.path_exact === undefined || path === match.path_exact) &&
      (match.method === undefined || asked.method === match.method) &&
      (match.authority === undefined || asked.authority === match.authority),
  );
}

const segment = fc.constantFrom("a", "b", "ab", "chat", "completions", "v1");
const path = fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
const method = fc.constantFrom("GET", "POST", "PUT");
const authority = fc.constantFrom("a.example", "b.example", "b.example:80");
const match: fc.Arbitrary<MatchConfig> = fc
  .record(
    { kind: fc.constantFrom("path_prefix", "path_exact", "none"), path, method, authority },
    { requiredKeys: ["kind", "path"] },
  )
  .map(({ kind, path: wanted, ...rest }) => (kind === "none" ? rest : { [kind]: wanted, ...rest }));
const asked = fc.record({
  path: fc.tuple(path, fc.constantFrom("", "?", "?q=/a/b", "/?x")).map((parts) => parts.join("")),
  method,
  authority,
});

describe("a request", () => {
  it("belongs to the first route that agrees in all it states", () => {
    const cases = fc.tuple(
      fc.array(match, { minLength: 1, maxLength: 12 }),
      fc.array(asked, { minLength: 1, maxLength: 20 }),
    );
    fc.assert(
      fc.property(cases, ([matches, requests]) => {
        const routes = matches.map((rule, i) => ({
          name: `route${i}`,
          match: rule,
          arms: [
            { name: "none", default: true, weight: 0 },
            { name: `arm${i}`, weight: 1 },
          ],
        }));
        const proxy = filterProxy(configOf(routes));
        for (const one of requests) {
          const headers: Header[] = [
            [":authority", one.authority],
            [":path", one.path],
            [":method", one.method],
          ];
          const route = expectedRoute(matches, one);
          expect(exchange(proxy, headers).arm).toBe(route < 0 ? "" : `arm${route}`);
        }
      }),
      { seed: 20, numRuns: 150 },
    );
  });

  it("without path, method or authority passes", () => {
    const proxy = filterProxy(configOf([{ name: "chat", match: { path_prefix: "/chat" } }]));
    for (const headers of [[[":method", "GET"]], [["x-only", "1"]]] as Header[][]) {
      expect(exchange(proxy, headers).status).toBe(200);
    }
    settle(proxy);
    expect(counter(proxy, "ganglion_unmatched_total")).toBe(2);
    expect(traps(proxy)).toEqual([]);
  });
});

describe("the largest configuration", () => {
  it("has every route, arm and limit served", () => {
    const routes = Array.from({ length: ROUTES_MAX }, (_, r) => ({
      name: `r${r}`,
      match: { path_prefix: `/r${r}/` },
      arms: Array.from({ length: ARMS_PER_ROUTE_MAX }, (_a, a) => ({
        name: `a${a}`,
        weight: a === r % ARMS_PER_ROUTE_MAX ? 1 : 0,
      })),
      limits: Array.from({ length: LIMITS_PER_ROUTE_MAX / 2 }, (_l, l) => ({
        name: `l${l}`,
        requests_per_second: 0.001,
        burst: 2 + l,
      })),
    }));
    const proxy = filterProxy(configOf(routes));
    for (let r = 0; r < ROUTES_MAX; r++) {
      const seen = [1, 2, 3].map(() => exchange(proxy, request(`/r${r}/x`), { afterMs: 0 }));
      expect(seen.map((e) => e.status)).toEqual([200, 200, 429]);
      const arm = r % ARMS_PER_ROUTE_MAX;
      expect(seen[0]!.arm).toBe(arm === 0 ? "" : `a${arm}`);
    }
    settle(proxy);
    const refusing = { route: `r${ROUTES_MAX - 1}`, limit: "l0" };
    expect(counter(proxy, "ganglion_limited_total", refusing)).toBe(1);
    expect(counter(proxy, "ganglion_configs_total", { cause: "refused" })).toBe(0);
    expect(traps(proxy)).toEqual([]);
  });
});
