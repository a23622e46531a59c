// Which engine runs the demo. A real Envoy where there is one or one can be installed; otherwise the
// embedded host, and then it is said why. Somebody who asks for Envoy by name gets Envoy or an error.

import { GanglionError } from "../lib/errors";
import { findEnvoy } from "../rig/envoy-finder";
import type { EngineFacts } from "./demo-result";

export type EngineChoice = "auto" | "envoy" | "embedded";

export interface ChosenEngine {
  readonly facts: EngineFacts;
  /** The executable; undefined for the embedded host. */
  readonly binary: string | undefined;
}

/**
 * @param say told what takes long, and why the embedded host stands in
 * @throws GanglionError E_ENVOY_... for `envoy` where there is none, E_ENVOY_ENV for either
 */
export async function chooseEngine(
  choice: EngineChoice,
  say: (sentence: string) => void,
): Promise<ChosenEngine> {
  if (choice === "embedded") return embedded();
  try {
    const { path, version, source } = await findEnvoy({ install: true, onProgress: say });
    return { facts: { name: "envoy", version, source }, binary: path };
  } catch (error) {
    if (choice === "envoy" || isNamedByUser(error)) throw error;
    say(`no Envoy: ${(error as Error).message}`);
    say("running the same scenario in the embedded host, under a virtual clock");
    return embedded();
  }
}

/** An Envoy that the user names and that does not run is not passed over. */
function isNamedByUser(error: unknown): boolean {
  return error instanceof GanglionError && error.code === "E_ENVOY_ENV";
}

function embedded(): ChosenEngine {
  const facts = {
    name: "embedded",
    version: `V8 ${process.versions.v8}`,
    source: "bundle",
  } as const;
  return { facts, binary: undefined };
}

/** E.g. `Envoy 1.40.0` or `embedded host`. */
export function engineTitle(facts: EngineFacts): string {
  return facts.name === "envoy" ? `Envoy ${facts.version}` : "embedded host, virtual time";
}
