// The faults of the suite, by name, with how strong and how long each is. Three intensities: what an
// operator would see at once, what a good alert finds, and what is usually found by customers.

export const FAULT_CLASSES = [
  "slow-arm",
  "slow-drift",
  "error-burst",
  "fail-fast",
  "token-flood",
  "retry-storm",
  "scan",
  "credential-stuffing",
  "prompt-bomb",
  "slow-stream",
] as const;

export type FaultClass = (typeof FAULT_CLASSES)[number];

export const INTENSITIES = ["low", "medium", "high"] as const;

/** Index into INTENSITIES. */
export type Intensity = 0 | 1 | 2;

/** How long an episode lasts, in ms, before any compression of time. */
export function episodeMs(fault: FaultClass): number {
  switch (fault) {
    case "slow-drift":
      return 240_000;
    case "error-burst":
      return 60_000;
    default:
      return 90_000;
  }
}

/**
 * What the intensity means, one number per level.
 *
 * - slow-arm: one of the route's arms is this many times slower
 * - slow-drift: all arms get slower and slower, in the end this many times
 * - error-burst: permille of answers of all arms that are 503, as late as good ones
 * - fail-fast: permille of answers of one arm that are 503 after 2 ms
 * - token-flood: one client adds this many times the usual rate, with prompts ten times as long
 * - retry-storm: permille of answers of all arms that are 503; each is tried again up to 4 times
 * - scan: one client adds this many times the usual rate, each path another one that is not there
 * - credential-stuffing: some clients add this many times the usual rate of refused log-ins
 * - prompt-bomb: a tenth of the usual rate is added with bodies of this many KiB
 * - slow-stream: tokens of all arms come this many times slower, the first one as ever
 */
export function levelsOf(fault: FaultClass): readonly [number, number, number] {
  switch (fault) {
    case "slow-arm":
      return [2, 4, 10];
    case "slow-drift":
      return [1.5, 2.5, 5];
    case "error-burst":
      return [50, 150, 500];
    case "fail-fast":
      return [150, 400, 1000];
    case "token-flood":
      return [0.5, 2, 6];
    case "retry-storm":
      return [100, 250, 600];
    case "scan":
      return [0.2, 1, 4];
    case "credential-stuffing":
      return [0.5, 2, 8];
    case "prompt-bomb":
      return [32, 128, 512];
    case "slow-stream":
      return [1.5, 3, 8];
  }
}
