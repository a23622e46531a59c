// Durations and quantities as Kubernetes and Istio objects write them.

const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  ns: 0.000001,
};

const AMOUNTS = /(\d+(?:\.\d*)?|\.\d+)(h|ms|m|us|µs|ns|s)/g;
const DURATION = new RegExp(`^(?:${AMOUNTS.source})+$`);

/**
 * `1h30m`, `2.5s`, `.5s`, `250ms` in ms, to the nanosecond as Go reads them; undefined for anything else, a
 * bare number but 0 included.
 */
export function parseDurationMs(text: string): number | undefined {
  if (text === "0") return 0;
  if (!DURATION.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(AMOUNTS)) {
    total += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  }
  // 1.005 * 1000 is not 1005.
  return Math.round(total * 1e6) / 1e6;
}

/** A duration for people and for Istio: `60 s` shown, without spaces when it is written into an object. */
export function shownSeconds(ms: number): string {
  return `${trimmed(ms / 1000)} s`;
}

/** A number without needless digits. */
export function trimmed(value: number): string {
  return String(Number(value.toFixed(3)));
}

/** Cores of a Kubernetes CPU quantity: `200m` is 0.2, `2` is 2. */
export function parseCores(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(m?)$/.exec(text.trim());
  if (match === null) return undefined;
  return Number(match[1]) / (match[2] === "m" ? 1000 : 1);
}
