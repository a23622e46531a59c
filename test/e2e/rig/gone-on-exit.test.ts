import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { eventually, firstLine, isAlive, startRigProgram } from "../../host/rig/rig-program";
import { envoyOrSkip } from "./envoy-or-skip";

// A program with everything running at once: Envoy, upstreams and a load generator in mid-run.
const program = (binary: string): string => `
  import { buildBootstrap, constantArrivals, startEnvoy, startLoadGenerator, startUpstreams }
    from "RIG/index";
  const law = { kind: "constant", ms: 5 };
  const upstreams = await startUpstreams([{ name: "a", law }], { seed: 1 });
  const bootstrap = buildBootstrap({
    listeners: [{ name: "main", port: 0, httpFilters: [], routes: [{ cluster: "a" }] }],
    clusters: [{ name: "a", endpoints: [{ port: upstreams.port("a") }] }],
  });
  const envoy = await startEnvoy({ binary: ${JSON.stringify(binary)}, concurrency: 2, bootstrap });
  const generator = await startLoadGenerator();
  const plan = { target: { port: envoy.port("main") }, templates: [{ tag: "all" }] };
  let isFirst = true;
  await generator.openLoop({ ...plan, intendedMs: constantArrivals(200, 600_000) }, (progress) => {
    if (!isFirst) return;
    isFirst = false;
    const pids = [envoy.pid, upstreams.pid, generator.pid];
    console.log(JSON.stringify({ pids, statuses: [...new Set(progress.window.status)] }));
  });
`;

describe("a whole rig in mid-run is gone", () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
    it(`after ${signal}`, async (context) => {
      const parent = startRigProgram(program(await envoyOrSkip(context)));
      const first = JSON.parse(await firstLine(parent)) as { pids: number[]; statuses: number[] };
      expect(first.statuses).toEqual([200]);
      expect(first.pids.map(isAlive)).toEqual([true, true, true]);
      const gone = once(parent, "exit");
      parent.kill(signal);
      expect(await gone).toEqual([null, signal]);
      await eventually(() => !first.pids.some(isAlive));
    });
  }
});
