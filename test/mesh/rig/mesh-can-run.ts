// Whether a test file can have a mesh. Where it cannot, the reason is said and the tests are left out; in
// CI that would hide everything, so there the reason is thrown. Parts are built by a step before the tests
// (test/run.mjs), so that no test's time is spent on compilers.

import { meshParts } from "./parts";

/** For `describe.runIf(await meshCanRun())`. @throws Error in CI, naming the part that cannot be had */
export async function meshCanRun(): Promise<boolean> {
  const say = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
  try {
    await meshParts(say);
    return true;
  } catch (error) {
    if (process.env.CI) throw error;
    say(`SKIPPED: no mesh: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}
