// Pushers that are killed with SIGKILL: before each named step of a change, and at moments after the
// two steps that write, while the request is under way.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { filterModulePath } from "../../host-tools/src/lib/filter-module";
import { CHANGE_STEPS, type ChangeStep } from "../../host-tools/src/weights/change-weights";

export interface KillPoint {
  readonly step: ChangeStep;
  /** Undefined: before the step, by itself; else so long after it began. */
  readonly afterMs: number | undefined;
}

const WRITES: readonly ChangeStep[] = ["dry-run", "write-history", "apply"];
const DELAYS_MS = [0, 1, 2, 3, 5, 8];

/** Every named step, and moments within the requests of the steps that talk to the server. */
export function killPoints(quick: boolean): KillPoint[] {
  const named = CHANGE_STEPS.map((step) => ({ step, afterMs: undefined }));
  const within = WRITES.flatMap((step) => DELAYS_MS.map((afterMs) => ({ step, afterMs })));
  const all = [...named, ...within];
  return quick ? all.filter((_, i) => i % 6 === 0) : all;
}

export interface DyingPush {
  readonly killed: boolean;
  /** Epoch that it reported before it could be killed. */
  readonly doneEpoch: number | undefined;
}

/** Starts a pusher of the artifact and kills it there. */
export async function dyingPush(
  kubeconfig: string,
  artifact: Uint8Array,
  point: KillPoint,
  seed: number,
): Promise<DyingPush> {
  const folder = mkdtempSync(join(tmpdir(), "ganglion-dying-"));
  const file = join(folder, "model.gngl");
  writeFileSync(file, artifact);
  const program = join(dirname(filterModulePath()), "push-child.mjs");
  const ownStep = point.afterMs === undefined ? [point.step] : [];
  const child = spawn(process.execPath, [program, kubeconfig, file, String(seed), ...ownStep], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  child.stdout.on("data", (chunk: Buffer) => {
    const before = output;
    output += chunk.toString();
    const line = `${point.step}\n`;
    if (point.afterMs === undefined || before.includes(line) || !output.includes(line)) return;
    if (point.afterMs === 0) child.kill("SIGKILL");
    else setTimeout(() => child.kill("SIGKILL"), point.afterMs);
  });
  const signal = await new Promise<NodeJS.Signals | null>((resolve) => {
    child.on("close", (_code, by) => resolve(by));
  });
  rmSync(folder, { recursive: true, force: true });
  const done = /^done (\d+)$/m.exec(output)?.[1];
  if (signal !== "SIGKILL" && done === undefined) throw new Error(`the pusher failed: ${errors}`);
  return { killed: signal === "SIGKILL", doneEpoch: done === undefined ? undefined : Number(done) };
}
