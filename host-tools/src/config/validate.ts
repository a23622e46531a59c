// Refuses what the filter would refuse, with the same reasons, before anything is shipped. Not the
// JSON Schema run through a library: the schema cannot say that names are unique, and its messages
// name neither bound nor fix. All faults are collected, because nobody likes to fix one to see the
// next.

import {
  CONFIG_BYTES_MAX,
  ConfigProblem,
  NAME_LENGTH_MAX,
  RecordKind,
  TextRule,
} from "../contract";
import { ExitCode, GanglionError } from "../lib/errors";
import { crossFaults } from "./cross-rules";
import { type Fault, faultLine, shownText, shownValue } from "./fault";
import { type Field, fieldsOf, type TextField, textPattern } from "./fields";
import { canonicalJson, type PluginConfig } from "./plugin-config";

/** Faults shown in one message; the rest is counted. */
const FAULTS_SHOWN_MAX = 20;

type Members = Record<string, unknown>;

/** Every fault of a configuration, in the order of the document; empty when it is good. */
export function configFaults(config: unknown): Fault[] {
  const faults: Fault[] = [];
  if (!isMembers(config)) {
    return [{ problem: ConfigProblem.NotRecord, path: "configuration", ...valueOf(config) }];
  }
  checkRecord(RecordKind.Root, config, "", faults);
  // Rules over several fields read what the first pass has found to be well formed.
  if (faults.length === 0) faults.push(...crossFaults(config as unknown as PluginConfig));
  if (faults.length === 0) {
    const sizeBytes = Buffer.byteLength(canonicalJson(config));
    if (sizeBytes > CONFIG_BYTES_MAX) {
      faults.push({ problem: ConfigProblem.TooLarge, path: "", high: CONFIG_BYTES_MAX });
    }
  }
  return faults;
}

/**
 * The configuration, typed, when it has no fault.
 *
 * @throws GanglionError E_CONFIG with one line per fault
 */
export function validConfig(config: unknown): PluginConfig {
  const faults = configFaults(config);
  if (faults.length === 0) return config as PluginConfig;
  const lines = faults.slice(0, FAULTS_SHOWN_MAX).map((fault) => `  ${faultLine(fault)}`);
  if (faults.length > lines.length) lines.push(`  and ${faults.length - lines.length} more`);
  throw new GanglionError("E_CONFIG", ["the configuration is refused:", ...lines].join("\n"), {
    hint: "docs/reference/configuration.md lists every field with its bounds.",
    exitCode: ExitCode.badInput,
  });
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function valueOf(value: unknown): { value?: string } {
  const shown = shownValue(value);
  return shown === undefined ? {} : { value: shown };
}

function checkRecord(record: RecordKind, members: Members, path: string, faults: Fault[]): void {
  const fields = fieldsOf(record);
  const place = (key: string): string => (path === "" ? key : `${path}.${key}`);
  for (const [key, value] of Object.entries(members)) {
    const field = fields.find((candidate) => candidate.key === key);
    if (field === undefined) {
      faults.push({ problem: ConfigProblem.UnknownKey, path: place(shownText(key)) });
    } else if (value !== null && value !== undefined) {
      checkField(field, value, place(key), faults);
    }
  }
  for (const field of fields) {
    if (!field.required || (members[field.key] ?? null) !== null) continue;
    faults.push({ problem: ConfigProblem.Missing, path: place(field.key) });
  }
}

function checkField(field: Field, value: unknown, path: string, faults: Fault[]): void {
  const refuse = (problem: ConfigProblem, operands: Partial<Fault> = {}): void => {
    faults.push({ problem, path, ...valueOf(value), ...operands });
  };
  switch (field.kind) {
    case "integer":
    case "real": {
      const { low, high } = field;
      if (fitsBounds(value, low, high, field.kind === "integer")) return;
      const problem = boundProblem(low, high, field.kind === "integer");
      return refuse(problem, { low, high });
    }
    case "flag":
      if (typeof value !== "boolean") refuse(ConfigProblem.NotFlag);
      return;
    case "choice":
      if (typeof value === "string" && field.names.includes(value)) return;
      return refuse(ConfigProblem.NotChoice, { names: field.names });
    case "text":
      return checkText(field, value, refuse);
    case "record":
      if (!isMembers(value)) return refuse(ConfigProblem.NotRecord);
      return checkRecord(field.record, value, path, faults);
    case "records":
    case "names":
      return checkList(field, value, path, faults);
  }
}

function fitsBounds(value: unknown, low: number, high: number, whole: boolean): boolean {
  if (typeof value !== "number" || !(value >= low && value <= high)) return false;
  // Minus zero passes every comparison, and nobody means it.
  return !Object.is(value, -0) && (!whole || Number.isInteger(value));
}

function boundProblem(low: number, high: number, whole: boolean): ConfigProblem {
  if (low === high) return ConfigProblem.NotExactly;
  return whole ? ConfigProblem.NotInteger : ConfigProblem.NotNumber;
}

type Refuse = (problem: ConfigProblem, operands?: Partial<Fault>) => void;

function checkText(
  field: Pick<TextField, "rule" | "lengthMin" | "lengthMax">,
  value: unknown,
  refuse: Refuse,
): void {
  if (typeof value !== "string") return refuse(ConfigProblem.NotText);
  const length = Buffer.byteLength(value);
  if (length < field.lengthMin || length > field.lengthMax) {
    if (field.rule === TextRule.Sha256) return refuse(ConfigProblem.NotSha256);
    return refuse(ConfigProblem.TextLength, { low: field.lengthMin, high: field.lengthMax });
  }
  if (!new RegExp(textPattern(field.rule)).test(value)) refuse(textProblem(field.rule));
}

function textProblem(rule: TextRule): ConfigProblem {
  switch (rule) {
    case TextRule.Name:
      return ConfigProblem.NotName;
    case TextRule.Token:
      return ConfigProblem.NotToken;
    case TextRule.HeaderName:
      return ConfigProblem.NotHeaderName;
    case TextRule.Path:
      return ConfigProblem.NotPath;
    case TextRule.Sha256:
      return ConfigProblem.NotSha256;
    case TextRule.Base64:
      return ConfigProblem.NotBase64;
  }
}

const nameField = { rule: TextRule.Name, lengthMin: 1, lengthMax: NAME_LENGTH_MAX };

function checkList(
  field: Extract<Field, { kind: "records" | "names" }>,
  value: unknown,
  path: string,
  faults: Fault[],
): void {
  if (!Array.isArray(value)) {
    faults.push({ problem: ConfigProblem.NotList, path, ...valueOf(value) });
    return;
  }
  const low = field.kind === "records" ? field.countMin : 0;
  if (value.length < low || value.length > field.countMax) {
    faults.push({ problem: ConfigProblem.ListLength, path, low, high: field.countMax });
  }
  value.forEach((item: unknown, index) => {
    const place = `${path}[${index}]`;
    if (field.kind === "names") {
      checkText(nameField, item, (problem, operands) =>
        faults.push({ problem, path: place, ...valueOf(item), ...operands }),
      );
    } else if (isMembers(item)) {
      checkRecord(field.record, item, place, faults);
    } else {
      faults.push({ problem: ConfigProblem.NotRecord, path: place, ...valueOf(item) });
    }
  });
}
