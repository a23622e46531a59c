// Rules over more than one field of a configuration: unique names, one default arm, orders that
// name arms that exist, pools that are not overdrawn, a digest that is the artifact's. Each mirrors
// one check of the filter, which sees the same document field by field.

import { createHash } from "node:crypto";
import {
  ARMS_MAX,
  ConfigProblem,
  KEY_HEADERS_MAX,
  LIMITS_MAX,
  LIMIT_VALUES_MAX,
  RecordKind,
  TEXT_BYTES_MAX,
  TextRule,
} from "../contract";
import { type Fault, shownValue } from "./fault";
import { fieldsOf } from "./fields";
import type { LimitConfig, ModelConfig, PluginConfig, RouteConfig } from "./plugin-config";

/** Faults of a configuration whose single fields are all well formed. */
export function crossFaults(config: PluginConfig): Fault[] {
  const routes = config.routes ?? [];
  return [
    ...repeated(
      routes.map((route) => route.name),
      (index) => `routes[${index}].name`,
    ),
    ...routes.flatMap((route, index) => routeFaults(route, `routes[${index}]`)),
    ...poolFaults(routes),
    ...modelFaults(config.model ?? undefined),
  ];
}

function repeated(values: readonly string[], path: (index: number) => string): Fault[] {
  return values.flatMap((value, index) =>
    values.indexOf(value) === index ? [] : [fault(ConfigProblem.NameTaken, path(index), value)],
  );
}

function fault(problem: ConfigProblem, path: string, value?: unknown): Fault {
  const shown = shownValue(value);
  return shown === undefined ? { problem, path } : { problem, path, value: shown };
}

function routeFaults(route: RouteConfig, path: string): Fault[] {
  const faults: Fault[] = [];
  const arms = route.arms ?? [];
  const names = arms.map((arm) => arm.name);
  faults.push(...repeated(names, (index) => `${path}.arms[${index}].name`));
  const defaults = arms.flatMap((arm, index) => (arm.default ? [index] : []));
  for (const index of defaults.slice(1)) {
    faults.push(fault(ConfigProblem.TwoDefaults, `${path}.arms[${index}].default`, true));
  }
  const { path_prefix: prefix, path_exact: exact } = route.match ?? {};
  if (prefix && exact) {
    faults.push(fault(ConfigProblem.PrefixAndExact, `${path}.match.path_exact`, exact));
  }
  if (arms.length > 0 && arms.every((arm) => arm.weight === 0)) {
    faults.push(fault(ConfigProblem.NoWeight, `${path}.arms`));
  }
  faults.push(...fallbackFaults(route.fallback ?? [], names, path));
  const stable = route.canary?.stable;
  if (stable !== undefined && names.length > 0 && !names.includes(stable)) {
    faults.push(fault(ConfigProblem.UnknownArm, `${path}.canary.stable`, stable));
  }
  const limits = route.limits ?? [];
  faults.push(
    ...repeated(
      limits.map((limit) => limit.name),
      (index) => `${path}.limits[${index}].name`,
    ),
    ...limits.flatMap((limit, index) => limitFaults(limit, `${path}.limits[${index}]`)),
  );
  return faults;
}

function fallbackFaults(order: readonly string[], arms: readonly string[], path: string): Fault[] {
  return order.flatMap((name, index) => {
    const place = `${path}.fallback[${index}]`;
    if (!arms.includes(name)) return [fault(ConfigProblem.UnknownArm, place, name)];
    return order.indexOf(name) === index ? [] : [fault(ConfigProblem.ArmTwice, place, name)];
  });
}

function limitFaults(limit: LimitConfig, path: string): Fault[] {
  const values = limit.values ?? [];
  const faults = repeated(
    values.map((value) => value.value),
    (index) => `${path}.values[${index}].value`,
  );
  if (values.length > 0 && !limit.key_header) {
    faults.push(fault(ConfigProblem.ValuesWithoutKey, `${path}.values`));
  }
  return faults;
}

/** What all routes take together of the filter's fixed memory; each fault at the first too many. */
function poolFaults(routes: readonly RouteConfig[]): Fault[] {
  const arms = places(routes, "routes").flatMap(([route, path]) => {
    return places(route.arms ?? [], `${path}.arms`);
  });
  const limits = places(routes, "routes").flatMap(([route, path]) => {
    return places(route.limits ?? [], `${path}.limits`);
  });
  const values = limits.flatMap(([limit, path]) => places(limit.values ?? [], `${path}.values`));
  const faults: Fault[] = [];
  for (const [pool, high] of [
    [arms, ARMS_MAX],
    [limits, LIMITS_MAX],
    [values, LIMIT_VALUES_MAX],
  ] as const) {
    const over = pool[high];
    if (over !== undefined) {
      faults.push({ problem: ConfigProblem.TooManyInAll, path: over[1], high });
    }
  }
  return [...faults, ...keyHeaderFaults(limits), ...textFaults(routes)];
}

function places<Item>(items: readonly Item[], path: string): [item: Item, path: string][] {
  return items.map((item, index) => [item, `${path}[${index}]`]);
}

function keyHeaderFaults(limits: readonly [LimitConfig, string][]): Fault[] {
  const known = new Set<string>();
  for (const [{ key_header: header }, path] of limits) {
    if (!header) continue;
    known.add(header);
    if (known.size <= KEY_HEADERS_MAX) continue;
    const place = `${path}.key_header`;
    const problem = ConfigProblem.TooManyKeyHeaders;
    return [{ ...fault(problem, place, header), high: KEY_HEADERS_MAX }];
  }
  return [];
}

/** Where the names, paths and values that the filter keeps no longer fit, in document order. */
function textFaults(routes: readonly RouteConfig[]): Fault[] {
  let bytes = 0;
  for (const [text, path] of keptTexts(RecordKind.Root, { routes }, "")) {
    bytes += Buffer.byteLength(text);
    if (bytes <= TEXT_BYTES_MAX) continue;
    return [{ problem: ConfigProblem.TextFull, path, high: TEXT_BYTES_MAX }];
  }
  return [];
}

/** Every text that the filter keeps beside the settings; the fallback order is not kept. */
function* keptTexts(
  record: RecordKind,
  members: Record<string, unknown>,
  path: string,
): Generator<[text: string, path: string]> {
  for (const [key, value] of Object.entries(members)) {
    const field = fieldsOf(record).find((candidate) => candidate.key === key);
    if (field === undefined || value === null || value === undefined) continue;
    const place = path === "" ? key : `${path}.${key}`;
    if (field.kind === "records") {
      for (const [item, itemPath] of places(value as Record<string, unknown>[], place)) {
        yield* keptTexts(field.record, item, itemPath);
      }
    } else if (field.kind === "record") {
      yield* keptTexts(field.record, value as Record<string, unknown>, place);
    } else if (field.kind === "text" && field.rule !== TextRule.Base64) {
      yield [value as string, place];
    }
  }
}

function modelFaults(model: ModelConfig | undefined): Fault[] {
  if (model === undefined) return [];
  const bytes = Buffer.from(model.base64, "base64");
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found === model.sha256) return [];
  const path = "model.sha256";
  return [{ problem: ConfigProblem.ArtifactDigest, path, expected: model.sha256, found }];
}
