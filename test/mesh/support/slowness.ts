// How much longer work takes on this machine at this moment than on the quiet machine with two cores of
// which the project's bounds on time speak: a bound times this is the same bound here and now.

import { Worker } from "node:worker_threads";

const CORES = 2;
/** What WORK takes on each of the two cores of the quiet machine: its CPU time there, measured. */
const REFERENCE_MS = 330;
const WORK = `
  let x = 1;
  for (let i = 0; i < 200_000_000; i++) { x ^= x << 13; x ^= x >>> 17; x ^= x << 5; }
  require("node:worker_threads").parentPort.postMessage(x);
`;

/** At least 1. Takes a third of a second where nothing else runs. */
export async function slowness(): Promise<number> {
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: CORES }, workDone));
  return Math.max(1, (performance.now() - startedMs) / REFERENCE_MS);
}

function workDone(): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(WORK, { eval: true });
    worker.once("message", () => resolve());
    worker.once("error", reject);
  });
}
