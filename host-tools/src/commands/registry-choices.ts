// How commands speak to a registry: with the user's own credentials and the machine's own clock.

import { seededPrng } from "../lib/prng";
import type { RegistryChoices } from "../oci";

export interface RegistryFlags {
  readonly plainHttp?: boolean;
}

export function registryChoices(flags: RegistryFlags): RegistryChoices {
  // Jitter of retries: it has to differ between machines, not to be secret.
  return { prng: seededPrng(process.pid), plainHttp: flags.plainHttp ?? false };
}
