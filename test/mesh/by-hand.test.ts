// `npm run mesh` as a person runs it: what it prints, how it ends, and that it leaves nothing.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { projectRoot } from "../support/project-root";
import { eventually, KubeClient, meshCanRun, meshParts } from "./rig";
import { processesNaming } from "./support/processes";

const PROGRAM = join(projectRoot(), "build/mesh.mjs");
const READY = /ready after ([\d.]+) s; Ctrl-C stops it/;

interface Run {
  readonly child: ChildProcess;
  stdout: string;
  stderr: string;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

let run: Run | undefined;
afterEach(async () => {
  run?.child.kill("SIGKILL");
  await run?.ended;
  run = undefined;
});

describe.runIf(await meshCanRun())("npm run mesh", () => {
  beforeAll(() => {
    execFileSync(process.execPath, [join(projectRoot(), "host-tools/build.mjs"), "mesh"], {
      stdio: "pipe",
    });
  });

  it("prints where everything is, and stops cleanly on Ctrl-C", async () => {
    const { folder } = await start(["--proxies", "2"]);
    const lines = run!.stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.split(/\s/)[0])).toEqual(
      "api kubeconfig registry istiod istioctl gateway-1 gateway-2 gateways".split(" "),
    );
    expect(await podsOf(join(folder, "kubeconfig"))).toEqual(["gateway-1", "gateway-2"]);
    run!.child.kill("SIGINT");
    expect(await run!.ended).toEqual({ code: null, signal: "SIGINT" });
    expect(run!.stderr).toMatch(/stopped\n$/);
    expect(existsSync(folder)).toBe(false);
    await eventually("an end of all processes", async () => processesNaming(folder).length === 0);
  });

  it("leaves nothing behind after kill -9 either", async () => {
    const { folder } = await start(["--proxies", "0"]);
    expect(processesNaming(folder).length).toBeGreaterThanOrEqual(4);
    run!.child.kill("SIGKILL");
    await run!.ended;
    await eventually("an end of all processes", async () => processesNaming(folder).length === 0);
    await eventually("an end of the folder", async () => !existsSync(folder));
  });

  it("refuses a number of proxies that it cannot start", async () => {
    launch(["--proxies", "many"]);
    expect((await run!.ended).code).toBe(64);
    expect(run!.stderr).toBe("error: --proxies many is not a whole number from 0 to 50\n");
  });

  it("says which part it cannot have, and why", async () => {
    const { envoy } = await meshParts(() => {});
    const cache = mkdtempSync(join(tmpdir(), "ganglion-no-go-"));
    try {
      launch(["--build-only"], { PATH: "/nowhere", GANGLION_CACHE: cache, GANGLION_ENVOY: envoy });
      expect((await run!.ended).code).toBe(1);
      expect(run!.stderr).toMatch(/^error: Go 1\.26 or newer is needed, .* no `go` on PATH$/m);
    } finally {
      rmSync(cache, { recursive: true });
    }
  });
});

/** Starts a mesh by hand and waits until it says that it is ready. */
async function start(args: readonly string[]): Promise<{ folder: string }> {
  launch(args);
  await eventually("ready", async () => READY.test(run!.stderr), 300_000);
  const kubeconfig = /^kubeconfig\s+(\S+)$/m.exec(run!.stdout)![1]!;
  return { folder: dirname(kubeconfig) };
}

function launch(args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const ended = new Promise<Awaited<Run["ended"]>>((resolve) =>
    child.once("close", (code, signal) => resolve({ code, signal })),
  );
  const started: Run = { child, stdout: "", stderr: "", ended };
  child.stdout.on("data", (chunk) => (started.stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (started.stderr += String(chunk)));
  run = started;
}

/** Names of the pods in `default`, asked with the printed kubeconfig. */
async function podsOf(kubeconfig: string): Promise<string[]> {
  const config = parse(readFileSync(kubeconfig, "utf8"));
  const { server, "certificate-authority-data": ca } = config.clusters[0].cluster;
  const client = new KubeClient({
    port: Number(new URL(server).port),
    ca: Buffer.from(ca, "base64").toString(),
    token: config.users[0].user.token,
  });
  const list = (await client.call("GET", "/api/v1/namespaces/default/pods")) as {
    items: { metadata: { name: string } }[];
  };
  client.close();
  return list.items.map(({ metadata }) => metadata.name).sort();
}
