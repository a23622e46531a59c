// Rules over more than one field of a configuration: unique names, one default arm, orders that name
// arms that exist, pools that are not overdrawn, a digest that is the artifact's. Each mirrors one check
// of the filter, which sees the same document field by field.

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

/** What all routes take together of the filter's fixed memory. */
function poolFaults(routes: readonly RouteConfig[]): Fault[] {
  const limits = routes.flatMap((route) => route.limits ?? []);
  const pools: [path: string, count: number, high: number][] = [
    ["routes[].arms", routes.flatMap((route) => route.arms ?? []).length, ARMS_MAX],
    ["routes[].limits", limits.length, LIMITS_MAX],
    [
      "routes[].limits[].values",
      limits.flatMap((one) => one.values ?? []).length,
      LIMIT_VALUES_MAX,
    ],
  ];
  const faults: Fault[] = pools
    .filter(([, count, high]) => count > high)
    .map(([path, , high]) => ({ problem: ConfigProblem.TooManyInAll, path, high }));
  const keys = new Set(limits.map((limit) => limit.key_header).filter(Boolean));
  if (keys.size > KEY_HEADERS_MAX) {
    const path = "routes[].limits[].key_header";
    faults.push({ problem: ConfigProblem.TooManyKeyHeaders, path, high: KEY_HEADERS_MAX });
  }
  if (keptTextBytes(RecordKind.Root, { routes }) > TEXT_BYTES_MAX) {
    faults.push({ problem: ConfigProblem.TextFull, path: "routes", high: TEXT_BYTES_MAX });
  }
  return faults;
}

/** Bytes of every text that the filter keeps beside the settings; the fallback order is not kept. */
function keptTextBytes(record: RecordKind, members: Record<string, unknown>): number {
  let bytes = 0;
  for (const field of fieldsOf(record)) {
    const value = members[field.key] ?? undefined;
    if (value === undefined) continue;
    if (field.kind === "records") {
      for (const item of value as Record<string, unknown>[]) {
        bytes += keptTextBytes(field.record, item);
      }
    } else if (field.kind === "record") {
      bytes += keptTextBytes(field.record, value as Record<string, unknown>);
    } else if (field.kind === "text" && field.rule !== TextRule.Base64) {
      bytes += Buffer.byteLength(value as string);
    }
  }
  return bytes;
}

function modelFaults(model: ModelConfig | undefined): Fault[] {
  if (model === undefined) return [];
  const bytes = Buffer.from(model.base64, "base64");
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found === model.sha256) return [];
  const path = "model.sha256";
  return [{ problem: ConfigProblem.ArtifactDigest, path, expected: model.sha256, found }];
}
