// What a registry client needs from outside: the network, the user's credentials, time and chance.
// All are arguments so that tests can fail them; the machine's own are filled in here and nowhere
// else.

import type { Prng } from "../lib/prng";
import { type Credential, findCredential } from "./credentials";
import { resolveBySystem, type ResolveHost } from "./egress";
import type { Fetch } from "./exchange";
import type { Reference } from "./reference";
import { type RetryClock, systemRetryClock } from "./retry";

export interface RegistryOptions {
  /** What the token is asked for. */
  readonly access: "pull" | "push";
  /** Speak HTTP to a registry beyond loopback too; credentials then cross the network in clear. */
  readonly plainHttp: boolean;
  /** Further host names, lower-case and without port, that may issue tokens or serve blobs. */
  readonly trustedHosts: readonly string[];
  readonly credential: () => Promise<Credential>;
  readonly clock: RetryClock;
  /** Jitter of the retries. */
  readonly prng: Prng;
  readonly fetch: Fetch;
  readonly resolveHost: ResolveHost;
}

/** What a caller may give; only the jitter has no default, so that nothing random is unseeded. */
export type RegistryChoices = Partial<Omit<RegistryOptions, "access" | "prng">> &
  Pick<RegistryOptions, "prng">;

export function registryOptions(
  reference: Reference,
  access: RegistryOptions["access"],
  choices: RegistryChoices,
): RegistryOptions {
  return {
    access,
    plainHttp: choices.plainHttp ?? false,
    trustedHosts: choices.trustedHosts ?? [],
    credential: choices.credential ?? (() => findCredential(reference.registry)),
    clock: choices.clock ?? systemRetryClock,
    prng: choices.prng,
    fetch: choices.fetch ?? fetch,
    resolveHost: choices.resolveHost ?? resolveBySystem,
  };
}
