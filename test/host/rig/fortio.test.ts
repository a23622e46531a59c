import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { findFortio, runFixedLoad, runFortio, scratchDir } from "../../../host-tools/src/rig";
import { UpstreamServer } from "../../../host-tools/src/rig/upstream/upstream-server";

let home: string;
beforeEach(() => {
  home = scratchDir("home");
});

function script(path: string, body: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

const REPORT = {
  ActualQPS: 99.5,
  ActualDuration: 2e9,
  RetCodes: { "200": 190, "503": 10 },
  DurationHistogram: {
    Count: 200,
    Min: 0.05,
    Max: 0.09,
    Avg: 0.0512,
    Percentiles: [50, 90, 99, 99.9].map((Percentile, i) => ({
      Percentile,
      Value: 0.051 + i / 1e3,
    })),
  },
};

/** Prints a version, or writes down its arguments and prints a report. */
function fakeFortio(path: string): string {
  const report = JSON.stringify(REPORT);
  const load = `echo "$@" > ${join(home, "args")}; echo '${report}'`;
  return script(path, `if [ "$1" = version ]; then echo "1.66.5"; else ${load}; fi`);
}

const env = (extra: Record<string, string> = {}) => ({ HOME: home, PATH: "/bin", ...extra });

describe("findFortio", () => {
  it("prefers FORTIO, then PATH, then the cache", async () => {
    const named = fakeFortio(join(home, "named"));
    const onPath = fakeFortio(join(home, "bin/fortio"));
    const cached = fakeFortio(join(home, ".cache/ganglion/fortio/1.66.5/fortio"));
    const find = (extra: Record<string, string>) => findFortio({ install: false, env: env(extra) });
    const path = `${home}/bin:/bin`;
    expect(await find({ FORTIO: named, PATH: path })).toMatchObject({ path: named, source: "env" });
    expect(await find({ PATH: path })).toMatchObject({ path: onPath, source: "path" });
    expect(await find({})).toEqual({ path: cached, version: "1.66.5", source: "cache" });
  });

  it("is undefined when there is none and no go to install it", async () => {
    expect(await findFortio({ install: true, env: env({ PATH: home }) })).toBeUndefined();
  });

  it("installs the pinned version with go into the cache", async () => {
    fakeFortio(join(home, "source"));
    script(join(home, "bin/go"), `echo "$@" > ${home}/go-args; cp ${home}/source "$GOBIN/fortio"`);
    const found = await findFortio({ install: true, env: env({ PATH: `${home}/bin:/bin` }) });
    expect(found).toMatchObject({ version: "1.66.5", source: "go" });
    expect(readFileSync(join(home, "go-args"), "utf8")).toBe("install fortio.org/fortio@v1.66.5\n");
  });

  it("refuses a FORTIO that does not run", async () => {
    const attempt = findFortio({ install: false, env: env({ FORTIO: "/nonexistent" }) });
    await expect(attempt).rejects.toMatchObject({ code: "E_FORTIO_ENV", exitCode: 64 });
  });
});

describe("runFixedLoad", () => {
  const load = { port: 1234, connections: 100, rateHz: 500, durationMs: 2000, expectedMs: 50 };

  it("reads Fortio's report in milliseconds and says that Fortio made it", async () => {
    const path = fakeFortio(join(home, "fortio"));
    const result = await runFixedLoad(load, { path, version: "1.66.5", source: "env" });
    expect(result).toMatchObject({ generator: "fortio 1.66.5", requests: 200, failed: 10 });
    expect(result.p50Ms).toBeCloseTo(51, 6);
    expect(result.p999Ms).toBeCloseTo(54, 6);
    const args = readFileSync(join(home, "args"), "utf8");
    expect(args).toContain("-c 100 -qps 500 -t 2000ms -nocatchup -uniform");
    expect(args).toContain("-r 0.0001 -offset 49ms http://127.0.0.1:1234/");
  });

  it("loads another address under a service's own name", async () => {
    const path = fakeFortio(join(home, "fortio"));
    const named = { ...load, address: "127.0.0.9", host: "llm.example:80" };
    await runFixedLoad(named, { path, version: "1.66.5", source: "env" });
    const args = readFileSync(join(home, "args"), "utf8");
    expect(args).toContain("-H Host: llm.example:80 ");
    expect(args).toContain(" http://127.0.0.9:1234/");
  });

  it("says what Fortio said when it fails", async () => {
    const path = script(join(home, "fortio"), "echo 'bad flag' >&2; exit 2");
    const attempt = runFortio({ path, version: "1", source: "env" }, "http://127.0.0.1:1/", []);
    await expect(attempt).rejects.toMatchObject({
      code: "E_FORTIO_RUN",
      message: "fortio load exited with 2: bad flag",
    });
  });

  it("falls back to the built-in generator and says so", async () => {
    const server = new UpstreamServer({ name: "a", law: { kind: "constant", ms: 200 } }, 1);
    const port = await server.listen();
    const small = { port, connections: 50, rateHz: 100, durationMs: 500 };
    const result = await runFixedLoad(small, undefined);
    await server.close();
    expect(result).toMatchObject({ generator: "built-in", requests: 50, failed: 0 });
    expect(result.p50Ms).toBeGreaterThan(199);
    expect(result.p50Ms).toBeLessThan(320);
  });
});
