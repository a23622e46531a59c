// The smallest modules that are modules, and retries that take no time.

import { seededPrng } from "../../../host-tools/src/lib/prng";
import type { RegistryChoices, RetryClock } from "../../../host-tools/src/oci";

const EMPTY_MODULE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A module whose only content is a custom section of the given size: distinct for each fill. */
export function sampleModule(sectionBytes = 0, fill = 0x2a): Uint8Array {
  if (sectionBytes === 0) return Uint8Array.from(EMPTY_MODULE);
  const payload = [1, 0x78, ...new Array<number>(sectionBytes).fill(fill)];
  return Uint8Array.from([...EMPTY_MODULE, 0, ...leb128(payload.length), ...payload]);
}

function leb128(value: number): number[] {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** A clock whose sleeps return at once and are written down. */
export class InstantClock implements RetryClock {
  readonly sleepsMs: number[] = [];
  constructor(private currentMs = Date.UTC(2026, 0, 1)) {}

  nowMs(): number {
    return this.currentMs;
  }

  async sleep(durationMs: number): Promise<void> {
    this.sleepsMs.push(durationMs);
    this.currentMs += durationMs;
  }
}

/** Anonymous, seeded, without waiting, and with names that resolve to a public address. */
export function choices(overrides: Partial<RegistryChoices> = {}): RegistryChoices {
  return {
    prng: seededPrng(7),
    clock: new InstantClock(),
    credential: async () => ({ kind: "anonymous" }),
    resolveHost: async () => ["203.0.113.7"],
    ...overrides,
  };
}

/** The error code that a promise ends with; `none` when it does not fail. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "none",
    (error: { code?: string }) => error.code ?? String(error),
  );
}
