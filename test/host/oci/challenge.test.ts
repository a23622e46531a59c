import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { parseChallenges } from "../../../host-tools/src/oci/challenge";

const read = (header: string) =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

describe("WWW-Authenticate", () => {
  it("keeps the commas inside quotes", () => {
    expect(
      read('Bearer realm="https://a.test/token",service="a",scope="repository:a:pull,push"'),
    ).toEqual([
      ["bearer", { realm: "https://a.test/token", service: "a", scope: "repository:a:pull,push" }],
    ]);
  });

  it("may hold several challenges", () => {
    expect(read('Basic realm="a", BEARER Realm=b , error="x"')).toEqual([
      ["basic", { realm: "a" }],
      ["bearer", { realm: "b", error: "x" }],
    ]);
  });

  it("unescapes quoted text", () => {
    expect(read('Basic realm="a \\"b\\" \\\\c"')).toEqual([["basic", { realm: 'a "b" \\c' }]]);
  });

  it.each(["", ",", '"', "=", 'realm="a"'])("holds no challenge in %j", (header) => {
    expect(read(header)).toEqual([]);
  });

  it("ends on any text, in linear time", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (header) => {
        parseChallenges(header);
      }),
      { seed: 1 },
    );
    const startMs = performance.now();
    parseChallenges(`Bearer realm="${"\\a".repeat(50_000)}`);
    parseChallenges("a ".repeat(50_000));
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });
});
