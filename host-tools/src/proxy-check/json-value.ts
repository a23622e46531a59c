// Values of Envoy's JSON against ours. Protocol buffers print a duration as `9.900s`, a 64-bit number as
// text, and leave out what is zero, so that equal things look different.

export type Json = Readonly<Record<string, unknown>>;

/** The member at a path; undefined where a step is missing. Numbers are places in lists. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = (here as Record<string | number, unknown>)[step];
  }
  return here;
}

export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly Json[] {
  const list = at(value, ...path);
  return Array.isArray(list) ? (list as Json[]) : [];
}

/** A value in the one form in which it is compared and shown: durations in ms, scalars as text. */
export function plain(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "object") return JSON.stringify(value);
  const text = String(value);
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(text)?.[1];
  return seconds === undefined ? text : `${Math.round(Number(seconds) * 1000)} ms`;
}

/** What protocol buffers leave out; of enumerations the words that the rendered objects use. */
const ZEROS: ReadonlySet<string> = new Set([
  ...["0", "0 ms", "false", ""],
  ...["ROUND_ROBIN", "HUNDRED"],
]);

/** True for the same value; what is missing is zero. */
export function isSame(said: unknown, found: unknown): boolean {
  const [one, other] = [plain(said), plain(found)];
  if (one === other) return true;
  if (other !== undefined) return false;
  return ZEROS.has(one ?? "");
}

/**
 * Where something that is said is not found, as `PATH VALUE`; undefined where all of it is. More may be
 * there, and items of a list may stand anywhere in it.
 */
export function firstMissing(said: unknown, found: unknown, path = ""): string | undefined {
  if (Array.isArray(said)) {
    const list: unknown[] = Array.isArray(found) ? found : [];
    for (const [i, one] of said.entries()) {
      const nearest = list.map((other) => firstMissing(one, other, `${path}[${i}]`));
      if (!nearest.includes(undefined)) return nearest[i] ?? nearest[0] ?? `${path} is missing`;
    }
    return undefined;
  }
  if (typeof said === "object" && said !== null) {
    for (const [key, value] of Object.entries(said)) {
      const missing = firstMissing(value, at(found, key), path === "" ? key : `${path}.${key}`);
      if (missing !== undefined) return missing;
    }
    return undefined;
  }
  return isSame(said, found) ? undefined : `${path} ${plain(found) ?? "is missing"}`;
}

/** Paths of scalars with their values; empty lists and maps have none. */
export function leaves(value: unknown, path = ""): [path: string, value: unknown][] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, member]) =>
    leaves(member, path === "" ? key : `${path}.${key}`),
  );
}
