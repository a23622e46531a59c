import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { formatReference, parseReference } from "../../../host-tools/src/oci";

const DIGEST = `sha256:${"ab".repeat(32)}`;

describe("an image reference", () => {
  it("is split into registry, repository, tag and digest", () => {
    expect(
      parseReference(`oci://Registry.Example.test:5000/team/ganglion:0.1.0@${DIGEST}`),
    ).toEqual({
      registry: "registry.example.test:5000",
      apiHost: "registry.example.test:5000",
      repository: "team/ganglion",
      tag: "0.1.0",
      digest: DIGEST,
    });
  });

  it.each([
    ["localhost/a", "localhost", "a"],
    ["[::1]:5000/a__b/c-d", "[::1]:5000", "a__b/c-d"],
    ["127.0.0.1:5000/a", "127.0.0.1:5000", "a"],
  ])("may be %s", (text, registry, repository) => {
    expect(parseReference(text)).toMatchObject({ registry, repository, tag: undefined });
  });

  it("calls Docker Hub where its API lives, and finds its one-word names under library", () => {
    expect(parseReference("docker.io/ganglion:1")).toMatchObject({
      registry: "docker.io",
      apiHost: "registry-1.docker.io",
      repository: "library/ganglion",
    });
  });

  it.each([
    ["ganglion:1", "does not name its registry"],
    ["team/ganglion:1", "does not name its registry"],
    ["https://host.test/a", "scheme"],
    ["user:pass@host.test/a", "user name"],
    ["host.test:0/a", "port"],
    ["host.test:99999/a", "port"],
    ["host.test:/a", "port"],
    ["-host.test/a", "host"],
    ["host..test/a", "host"],
    ["host.test/", "repository"],
    ["host.test/A", "repository"],
    ["host.test/a//b", "repository"],
    ["host.test/../b", "repository"],
    ["host.test/a/", "repository"],
    [`host.test/${"a".repeat(256)}`, "repository"],
    ["host.test/a:", "tag"],
    ["host.test/a:.b", "tag"],
    ["host.test/a:b:c", "tag"],
    ["host.test/a@sha256:AB", "digest"],
    ["host.test/a@sha512:00", "digest"],
    [`host.test/a@${DIGEST}@${DIGEST}`, "digest"],
    ["host.test/a?x=1", "blank or one of"],
    ["host.test/a b", "blank or one of"],
    ["host.test/%2e%2e", "blank or one of"],
    [`host.test/${"a/".repeat(600)}a`, "more than 1024 characters"],
    ["", "does not name its registry"],
  ])("is refused as %j", (text, part) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({ code: "E_REFERENCE", message: expect.stringContaining(part) }),
    );
  });

  it("survives being written and read again", () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    const host = fc.oneof(
      fc.tuple(word, word).map((words) => words.join(".")),
      fc.tuple(word, fc.integer({ min: 1, max: 65535 })).map(([name, port]) => `${name}:${port}`),
    );
    const repository = fc
      .array(word, { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join("/"));
    const tag = fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/));
    const digest = fc.option(fc.constant(DIGEST));
    fc.assert(
      fc.property(host, repository, tag, digest, (hostText, path, tagText, digestText) => {
        const ending = (tagText ? `:${tagText}` : "") + (digestText ? `@${digestText}` : "");
        const text = `${hostText}/${path}${ending}`;
        const reference = parseReference(text);
        expect(formatReference(reference)).toBe(`oci://${text}`);
        expect(parseReference(formatReference(reference))).toEqual(reference);
      }),
      { seed: 1 },
    );
  });

  it("fails on any text only with its own error", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        try {
          parseReference(text);
        } catch (error) {
          expect(error).toMatchObject({ code: "E_REFERENCE" });
        }
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
