// `verify --analyze` and `verify --witness` as a user meets them, without a real istioctl and without Envoy.

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectRoot } from "../../support/project-root";
import { rulePages } from "../../support/rule-pages";

const bundle = join(projectRoot(), "build", "ganglion.mjs");
const MESSAGE = {
  code: "IST0109",
  level: "Error",
  message: "two of them",
  origin: "VirtualService ai-services/llm-service-canary",
  reference: "mesh.yaml:20",
};
let folder: string;
let istioctl: string;

beforeAll(() => {
  execFileSync(process.execPath, [join(projectRoot(), "host-tools/build.mjs"), "command"], {
    stdio: "pipe",
  });
  folder = mkdtempSync(join(tmpdir(), "ganglion-beside-"));
  istioctl = join(folder, "istioctl");
  writeFileSync(istioctl, `#!/bin/sh\necho '${JSON.stringify([MESSAGE])}'\n`);
  chmodSync(istioctl, 0o755);
  const page = rulePages().find(({ rule }) => rule === "host-owned-twice")!;
  writeFileSync(join(folder, "mesh.yaml"), page.broken);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** HOME is a folder without a cache and PATH has no Envoy. */
function verify(...args: string[]) {
  const env = { PATH: folder, HOME: folder, XDG_CACHE_HOME: join(folder, "cache") };
  return spawnSync(process.execPath, [bundle, "verify", ...args], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
}

describe("ganglion verify --analyze", () => {
  it("sets istioctl's word beside the findings, of the istioctl on PATH too", () => {
    for (const named of [["--istioctl", istioctl], []]) {
      const { status, stdout, stderr } = verify("mesh.yaml", "--analyze", ...named);
      expect(status).toBe(79);
      const row = "VirtualService ai-services/llm-service-canary  host-owned-twice  IST0109";
      expect(stdout).toContain(`${row}\n\nIST0109 Error: two of them\n`);
      expect(stderr).toContain("istioctl analyze says something of 1 of 1 objects with findings");
    }
  });

  it("has its messages in JSON, beside the findings", () => {
    const { stdout } = verify("mesh.yaml", "--analyze", "-o", "json");
    const report = JSON.parse(stdout) as { findings: unknown[]; istioctl: { object: string }[] };
    expect(report.findings).toHaveLength(1);
    expect(report.istioctl.map(({ object }) => object)).toEqual([MESSAGE.origin]);
  });

  it.each([
    [["mesh.yaml", "--analyze", "-o", "sarif"], "--analyze prints text or json, not sarif"],
    [["mesh.yaml", "--istioctl", "x"], "--istioctl is for --analyze"],
    [["mesh.yaml", "--analyze", "--istioctl", "nowhere"], "no istioctl at nowhere"],
  ])("refuses %j", (args, message) => {
    const { status, stdout, stderr } = verify(...args);
    expect([status, stdout]).toEqual([64, ""]);
    expect(stderr).toContain(`error: ${message}`);
  });
});

describe("ganglion verify --witness", () => {
  it("prints both configurations and says why they are not run, without an Envoy", () => {
    const { status, stdout, stderr } = verify("--witness", "deny-over-allow");
    expect(status).toBe(0);
    expect(stdout).toContain("# deny-over-allow, broken. Upstreams: app at 127.0.0.1:8081.");
    expect(stdout).toContain("# deny-over-allow, fixed.");
    expect(stderr).toContain("not run: no Envoy");
  });

  it("prints the test of a query, and says why it is not run, without promtool", () => {
    const { status, stdout, stderr } = verify("--witness", "verdict-on-no-data");
    expect(status).toBe(0);
    expect(stdout).toContain("# verdict-on-no-data, for promtool test rules FILE.");
    expect(stdout).toContain("promql_expr_test:");
    expect(stderr).toContain("not run: no promtool on PATH");
  });

  it("runs the test with the promtool on PATH, and is inconclusive where it fails", () => {
    const promtool = join(folder, "promtool");
    const told = (line: string) => {
      writeFileSync(promtool, `#!/bin/sh\n${line}\n`);
      chmodSync(promtool, 0o755);
      const { status, stderr } = verify("--witness", "client-errors-blamed");
      rmSync(promtool);
      return { status, stderr };
    };
    expect(told("exit 0")).toMatchObject({ status: 0 });
    const failed = told("echo FAILED: exp 6, got 7; exit 1");
    expect(failed.status).toBe(81);
    expect(failed.stderr).toContain("exp 6, got 7");
  });

  it("gives the same as JSON, with null for what was not counted", () => {
    const { stdout } = verify("--witness", "all", "-o", "json");
    const witnesses = JSON.parse(stdout) as { rule: string; counters: unknown; holds: unknown }[];
    expect(witnesses.length).toBeGreaterThan(15);
    for (const { counters, holds } of witnesses) expect([counters, holds]).toEqual([null, null]);
  });

  it.each([
    [["--witness", "nope"], "there is no witness for nope"],
    [["mesh.yaml", "--witness", "all"], "--witness reads no files, and mesh.yaml is given"],
    [["--witness", "all", "-o", "sarif"], "--witness prints text or json, not sarif"],
  ])("refuses %j", (args, message) => {
    const { status, stdout, stderr } = verify(...args);
    expect([status, stdout]).toEqual([64, ""]);
    expect(stderr).toContain(`error: ${message}`);
  });
});
