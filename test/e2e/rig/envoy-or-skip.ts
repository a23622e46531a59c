// Gives a test a real Envoy, or skips it and says why. In CI a skip would hide everything, so there
// the reason is thrown.

import type { TestContext } from "vitest";
import { findEnvoy } from "../../../host-tools/src/rig";

let found: Promise<string> | undefined;

/** Path of an Envoy executable, installed if need be. */
export async function envoyOrSkip(context: TestContext): Promise<string> {
  found ??= findEnvoy({ install: true }).then((envoy) => envoy.path);
  try {
    return await found;
  } catch (error) {
    if (process.env.CI) throw error;
    const reason = `no Envoy: ${(error as Error).message}`;
    console.error(reason);
    return context.skip(reason);
  }
}
