// Random configurations that the filter must accept, as the JSON values of the contract.

import { createHash } from "node:crypto";
import fc from "fast-check";
import {
  ARMS_PER_ROUTE_MAX,
  EPOCH_MAX,
  KEY_HEADERS_MAX,
  LIMIT_VALUES_PER_LIMIT_MAX,
  LIMITS_PER_ROUTE_MAX,
} from "../../../host-tools/src/contract";

export interface ArmConfig {
  name: string;
  weight?: number | null;
  default?: boolean | null;
}
export interface ValueConfig {
  value: string;
  requests_per_second: number;
  burst: number;
}
export interface LimitConfig {
  name: string;
  mode?: string | null;
  key_header?: string | null;
  requests_per_second: number;
  burst: number;
  values?: ValueConfig[] | null;
}
export interface RouteConfig {
  name: string;
  match?: Record<string, string> | null;
  mode?: string | null;
  arms?: ArmConfig[] | null;
  fallback?: string[] | null;
  ejection?: Record<string, number> | null;
  limits?: LimitConfig[] | null;
  anomaly?: {
    threshold_permille?: number;
    act?: string;
    false_alarms_per_hour?: number;
    statistics?: string;
    sequence?: string;
    content?: string;
  } | null;
  canary?: {
    id: string;
    stable: string;
    cluster: string;
    mode?: string;
    error_step_q16?: number;
    success_step_q16?: number;
    threshold_q16?: number;
    floor_q16?: number;
    requests_min?: number;
    odds?: number;
  } | null;
}
export interface RootConfig {
  version: number;
  epoch?: number | null;
  mode?: string | null;
  expose?: string | null;
  fast_half_life_ms?: number;
  slow_half_life_ms?: number;
  quantile_half_life_ms?: number;
  exploration_permille?: number;
  routes?: RouteConfig[] | null;
  model?: { sha256: string; base64: string; mode?: string } | null;
}

const NAME_FIRST = [..."abzABZ019"];
const NAME_REST = [..."abzABZ019-_."];
const VISIBLE = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i));

const text = (letters: readonly string[], min: number, max: number): fc.Arbitrary<string> => {
  const letter = fc.constantFrom(...letters);
  return fc.array(letter, { minLength: min, maxLength: max }).map((array) => array.join(""));
};
const name = fc
  .tuple(fc.constantFrom(...NAME_FIRST), text(NAME_REST, 0, 20))
  .map(([first, rest]) => first + rest);
const path = text(VISIBLE, 0, 40).map((rest) => `/${rest}`);
const rate = {
  requests_per_second: fc.oneof(
    fc.integer({ min: 1, max: 1_000_000 }),
    fc.double({ min: 0.001, max: 1_000_000, noNaN: true }),
  ),
  burst: fc.integer({ min: 1, max: 1_000_000 }),
};
const unique = <T>(item: fc.Arbitrary<T>, key: (item: T) => string, max: number) => {
  return fc.uniqueArray(item, { selector: key, maxLength: max });
};
const permille = fc.integer({ min: 0, max: 1000 });
const inherited = fc.constantFrom("enforce", "shadow", "inherit");

const value = fc.record({ value: text(VISIBLE, 1, 40), ...rate });
const limit: fc.Arbitrary<LimitConfig> = fc
  .record(
    {
      name,
      mode: fc.option(inherited),
      key_header: fc.constantFrom(
        ...Array.from({ length: KEY_HEADERS_MAX }, (_, i) => `x-key_${i}`),
      ),
      values: fc.option(unique(value, (item) => item.value, LIMIT_VALUES_PER_LIMIT_MAX / 4)),
      ...rate,
    },
    { requiredKeys: ["name", "requests_per_second", "burst"] },
  )
  .map((made) => (made.key_header === undefined ? { ...made, values: null } : made));

const arm: fc.Arbitrary<ArmConfig> = fc.record(
  { name, weight: fc.option(fc.integer({ min: 0, max: 1000 })) },
  { requiredKeys: ["name"] },
);
const arms = unique(arm, (item) => item.name, ARMS_PER_ROUTE_MAX);

const match = fc
  .record(
    {
      path_prefix: path,
      path_exact: path,
      method: text(VISIBLE, 0, 16),
      authority: text(VISIBLE, 0, 60),
    },
    { requiredKeys: [] },
  )
  .map((made) => (made.path_exact ? { ...made, path_prefix: "" } : made));

const stepQ16 = fc.integer({ min: 1, max: 1_048_576 });
const canary = fc.record(
  {
    id: text(VISIBLE, 1, 63),
    stable: name,
    cluster: text(VISIBLE, 1, 80),
    mode: inherited,
    error_step_q16: stepQ16,
    success_step_q16: stepQ16,
    threshold_q16: stepQ16,
    floor_q16: stepQ16,
    requests_min: fc.integer({ min: 1, max: 100_000 }),
    odds: fc.integer({ min: 0, max: 1000 }),
  },
  { requiredKeys: ["id", "stable", "cluster"] },
);

const route: fc.Arbitrary<RouteConfig> = fc
  .record(
    {
      name,
      match: fc.option(match),
      mode: fc.option(inherited),
      arms: fc.option(arms),
      ejection: fc.record(
        {
          error_permille: permille,
          requests_min: fc.integer({ min: 1, max: 100_000 }),
          duration_ms: fc.integer({ min: 100, max: 600_000 }),
        },
        { requiredKeys: [] },
      ),
      limits: fc.option(unique(limit, (item) => item.name, LIMITS_PER_ROUTE_MAX)),
      anomaly: fc.record(
        {
          threshold_permille: permille,
          act: fc.constantFrom("observe", "tag", "reroute", "shed"),
          false_alarms_per_hour: fc.double({ min: 0.001, max: 3600, noNaN: true }),
          statistics: fc.constantFrom("act", "observe", "off"),
          sequence: fc.constantFrom("act", "observe", "off"),
          content: fc.constantFrom("act", "observe", "off"),
        },
        { requiredKeys: [] },
      ),
      canary: fc.option(canary),
    },
    { requiredKeys: ["name"] },
  )
  .chain((made) => fc.tuple(fc.constant(made), fc.nat(), fc.nat(), fc.nat()))
  .map(([made, first, count, chosen]) => finishArms(made, first, count, chosen));

/** One arm with weight, at most one default, and a fallback order over some of the arms. */
function finishArms(made: RouteConfig, first: number, count: number, chosen: number): RouteConfig {
  const list = made.arms ?? [];
  const lead = list[first % Math.max(list.length, 1)];
  if (lead === undefined) return made;
  lead.weight = 1 + (count % 1000);
  const other = list[chosen % (2 * list.length)];
  if (other !== undefined) other.default = true;
  const order = list.map((item) => item.name);
  if (made.canary) made.canary.stable = order[chosen % order.length] as string;
  const rotated = [...order.slice(first % order.length), ...order.slice(0, first % order.length)];
  return { ...made, fallback: count % 3 === 0 ? null : rotated.slice(0, count % 17) };
}

const artifact = fc.uint8Array({ minLength: 1, maxLength: 300 });
const modelMode = fc.constantFrom({}, { mode: "enforce" }, { mode: "shadow" });
const model = fc.tuple(artifact, modelMode).map(([bytes, mode]) => ({
  sha256: createHash("sha256").update(bytes).digest("hex"),
  base64: Buffer.from(bytes).toString("base64"),
  ...mode,
}));

/** Any valid configuration, with keys in any order. */
export const randomConfig: fc.Arbitrary<RootConfig> = fc
  .record(
    {
      routes: fc.option(unique(route, (item) => item.name, 6)),
      model: fc.option(model),
      version: fc.constant(1),
      epoch: fc.option(fc.integer({ min: 0, max: EPOCH_MAX })),
      mode: fc.option(fc.constantFrom("enforce", "shadow")),
      expose: fc.option(fc.constantFrom("tagged", "always", "never")),
      fast_half_life_ms: fc.integer({ min: 10, max: 60_000 }),
      slow_half_life_ms: fc.integer({ min: 100, max: 3_600_000 }),
      quantile_half_life_ms: fc.integer({ min: 1000, max: 3_600_000 }),
      exploration_permille: fc.integer({ min: 0, max: 100 }),
    },
    { requiredKeys: ["version"] },
  )
  .chain((made) => fc.boolean().map((reversed) => (reversed ? reverseKeys(made) : made)));

function reverseKeys<T extends object>(made: T): T {
  return Object.fromEntries(Object.entries(made).reverse()) as T;
}

/** JSON as Istio may deliver it: every number a double, large ones in exponent form. */
export function asIstioWrites(config: RootConfig): string {
  const json = JSON.stringify(config);
  return json.replace(/:([1-9])(0{5,})([,}])/g, (_, digit: string, zeros: string, end: string) => {
    return `:${digit}e+${String(zeros.length).padStart(2, "0")}${end}`;
  });
}
