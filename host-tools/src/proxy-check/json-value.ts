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

/** True for the same value; what is missing is zero. */
export function isSame(said: unknown, found: unknown): boolean {
  const [one, other] = [plain(said), plain(found)];
  if (one === other) return true;
  if (other !== undefined) return false;
  return ["0", "0 ms", "false", ""].includes(one ?? "");
}

/** True where everything that is said is found; more may be there. */
export function isWithin(said: unknown, found: unknown): boolean {
  if (Array.isArray(said)) {
    const list: unknown[] = Array.isArray(found) ? found : [];
    return said.every((one) => list.some((other) => isWithin(one, other)));
  }
  if (typeof said === "object" && said !== null) {
    return Object.entries(said).every(([key, value]) => isWithin(value, at(found, key)));
  }
  return isSame(said, found);
}

/** Paths of scalars with their values; empty lists and maps have none. */
export function leaves(value: unknown, path = ""): [path: string, value: unknown][] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, member]) =>
    leaves(member, path === "" ? key : `${path}.${key}`),
  );
}
