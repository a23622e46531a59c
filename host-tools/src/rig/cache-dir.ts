// Where the rig keeps what it installs (Envoy, Fortio). One folder a user rather than node_modules:
// `npm ci` wipes that, and an Envoy is 100 MB.

import { homedir } from "node:os";
import { join } from "node:path";

/** Environment as a parameter, so that a test can give its own. */
export type Env = Readonly<Record<string, string | undefined>>;

/** `$GANGLION_CACHE`, else `$XDG_CACHE_HOME/ganglion`, else `~/.cache/ganglion`. Not created. */
export function cacheDir(env: Env = process.env): string {
  if (env.GANGLION_CACHE) return env.GANGLION_CACHE;
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, "ganglion");
  return join(env.HOME || homedir(), ".cache", "ganglion");
}
