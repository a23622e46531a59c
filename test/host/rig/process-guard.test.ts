import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { scratchDir, spawnGuarded } from "../../../host-tools/src/rig/process-guard";
import { runCommand } from "../../../host-tools/src/rig/run-command";
import { eventually, firstLine, isAlive, startRigProgram } from "./rig-program";

// A child that ignores SIGTERM and has a child of its own: the hardest to get rid of.
const program = (ending: string): string => `
  import { beforeSignalExit, scratchDir, spawnGuarded } from "RIG/process-guard";
  const stubborn = "trap '' TERM; sleep 300 & echo $!; wait; wait; sleep 300";
  const child = spawnGuarded("sh", ["-c", stubborn]);
  const dir = scratchDir("test");
  child.process.stdout.once("data", (grandchild) => {
    console.log(JSON.stringify({ pids: [child.process.pid, Number(grandchild)], dir }));
    ${ending}
  });
`;

interface Started {
  readonly pids: number[];
  readonly dir: string;
}

describe("a guarded child and the scratch folder are gone", () => {
  const endings: [string, string, NodeJS.Signals | undefined][] = [
    ["after process.exit", "setTimeout(() => process.exit(3), 100);", undefined],
    ["after an uncaught exception", "setTimeout(() => { throw 1 }, 100);", undefined],
    ["after SIGINT", "", "SIGINT"],
    ["after SIGTERM", "", "SIGTERM"],
    ["after SIGHUP", "", "SIGHUP"],
    ["after kill -9", "", "SIGKILL"],
  ];
  for (const [name, ending, signal] of endings) {
    it(name, async () => {
      const parent = startRigProgram(program(ending));
      parent.stderr?.resume();
      const { pids, dir } = JSON.parse(await firstLine(parent)) as Started;
      expect(pids.map(isAlive)).toEqual([true, true]);
      const gone = once(parent, "exit");
      if (signal) parent.kill(signal);
      const [, how] = await gone;
      expect(how).toBe(signal ?? null);
      await eventually(() => !pids.some(isAlive) && !existsSync(dir));
    });
  }

  it("after what was to be done first, during which the children still run", async () => {
    const parent = startRigProgram(
      program(`
        beforeSignalExit(async () => {
          await new Promise((resolve) => setTimeout(resolve, 200));
          process.kill(child.process.pid, 0); // throws if it is gone
          require("node:fs").writeFileSync(dir + "/../../" + process.pid + ".summary", "done");
        });`),
    );
    const { pids, dir } = JSON.parse(await firstLine(parent)) as Started;
    const summary = join(dir, "../..", `${parent.pid}.summary`);
    const gone = once(parent, "exit");
    parent.kill("SIGINT");
    expect(await gone).toEqual([null, "SIGINT"]);
    await eventually(() => !pids.some(isAlive) && !existsSync(dir));
    expect(existsSync(summary)).toBe(true);
    rmSync(summary);
  });

  it("at once on a second signal, whatever was to be done first", async () => {
    const parent = startRigProgram(program("beforeSignalExit(() => new Promise(() => {}));"));
    const { pids } = JSON.parse(await firstLine(parent)) as Started;
    const gone = once(parent, "exit");
    parent.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(pids.map(isAlive)).toEqual([true, true]);
    parent.kill("SIGINT");
    expect(await gone).toEqual([null, "SIGINT"]);
    await eventually(() => !pids.some(isAlive));
  });

  it("also when somebody else listens, who then gets the signal too", async () => {
    const parent = startRigProgram(program("process.on('SIGINT', () => process.exit(130));"));
    const { pids } = JSON.parse(await firstLine(parent)) as Started;
    const gone = once(parent, "exit");
    parent.kill("SIGINT");
    expect(await gone).toEqual([130, null]);
    await eventually(() => !pids.some(isAlive));
  });
});

describe("spawnGuarded", () => {
  it("says through `exited` that a command does not exist", async () => {
    const exit = await spawnGuarded("/nonexistent/command", []).exited;
    expect(exit.error).toMatchObject({ code: "ENOENT" });
  });

  it("stops a child that listens to SIGTERM without waiting for the grace", async () => {
    const child = spawnGuarded("sleep", ["300"]);
    expect(await child.stop(60_000)).toEqual({ code: null, signal: "SIGTERM" });
    expect(await child.stop()).toEqual({ code: null, signal: "SIGTERM" });
  });

  it("gives every caller a scratch folder of its own", () => {
    expect(scratchDir("a")).not.toBe(scratchDir("a"));
  });
});

describe("runCommand", () => {
  it("returns status and both outputs", async () => {
    const result = await runCommand("sh", ["-c", "echo out; echo err >&2; exit 7"]);
    expect(result).toMatchObject({ status: 7, stdout: "out\n", stderr: "err\n", timedOut: false });
  });

  it("kills a command that takes too long", async () => {
    const result = await runCommand("sleep", ["300"], { timeoutMs: 50 });
    expect(result).toMatchObject({ status: null, timedOut: true });
  });
});
