// docs/reference/configuration.md: every field of the compiled configuration with its bounds and
// default, from the contract alone, so that the page cannot say anything else than the filter does.

import { ConfigProblem, problemSentence, RecordKind, RECORD_KINDS, TextRule } from "../contract";
import {
  ARMS_MAX,
  ARTIFACT_BYTES_MAX,
  CONFIG_BYTES_MAX,
  KEY_HEADERS_MAX,
  LIMITS_MAX,
  LIMIT_VALUES_MAX,
  TEXT_BYTES_MAX,
} from "../contract";
import { type Field, fieldsOf, hasRequired } from "../config/fields";
import { recordName } from "../config/schema";
import { GENERATED, table } from "./markdown";

const introduction = `# The filter's configuration

What the filter reads as \`pluginConfig\`: JSON, one object. \`ganglion render\` writes it from a
policy ([policy.md](policy.md)); by hand it is checked by
[plugin-config.schema.json](plugin-config.schema.json).

A configuration is taken as a whole or not at all. A refused one names place, value and bound in the
log and sets \`ganglion_config_error\`; the one before it stays in force, and without one requests
pass untouched. A key whose value is \`null\` counts as left out. Unknown keys are refused.`;

const rules = `## Rules over several fields

${bullets([
  `names of routes, of the arms of a route, of the limits of a route: ` +
    `${sentence(ConfigProblem.NameTaken)}`,
  sentence(ConfigProblem.TwoDefaults),
  sentence(ConfigProblem.PrefixAndExact),
  `canary.stable, where the route has arms: ${sentence(ConfigProblem.UnknownArm)}`,
  `fallback: ${sentence(ConfigProblem.UnknownArm)}; ${sentence(ConfigProblem.ArmTwice)}`,
  `arms: ${sentence(ConfigProblem.NoWeight)}`,
  `limits: ${sentence(ConfigProblem.ValuesWithoutKey)}; a value once per limit`,
  `at most ${KEY_HEADERS_MAX} different key headers, ${ARMS_MAX} arms, ${LIMITS_MAX} limits and ` +
    `${LIMIT_VALUES_MAX} limit values in the whole configuration`,
  `all names, paths and values together have at most ${TEXT_BYTES_MAX} bytes, the whole ` +
    `configuration ` +
    `${CONFIG_BYTES_MAX}, the artifact ${ARTIFACT_BYTES_MAX} before base64`,
  "model.sha256 is the SHA-256 of the bytes that model.base64 stands for",
])}`;

export function configurationPage(): string {
  const sections = Array.from({ length: RECORD_KINDS }, (_, record) => recordSection(record));
  return `${[GENERATED, introduction, ...sections, rules].join("\n\n")}\n`;
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}

function sentence(problem: ConfigProblem): string {
  return problemSentence(problem);
}

function recordSection(record: RecordKind): string {
  const rows = fieldsOf(record).map((field) => [
    `\`${field.key}\``,
    shapeOf(field),
    defaultText(field),
    field.help,
  ]);
  return `## ${recordName(record)}\n\n${table(["key", "value", "default", "meaning"], rows)}`;
}

function shapeOf(field: Field): string {
  switch (field.kind) {
    case "integer":
      return `integer in [${field.low}, ${field.high}]`;
    case "real":
      return `number in [${field.low}, ${field.high}]`;
    case "flag":
      return "true or false";
    case "choice":
      return field.names.map((name) => `\`${name}\``).join(", ");
    case "text":
      return `${ruleName(field.rule)}, ${lengthText(field.lengthMin, field.lengthMax)}`;
    case "records":
      return `list of ${link(field.record)}, at most ${field.countMax}`;
    case "record":
      return link(field.record);
    case "names":
      return `list of arm names, at most ${field.countMax}`;
  }
}

function link(record: RecordKind): string {
  return `[${recordName(record)}](#${recordName(record)})`;
}

function lengthText(low: number, high: number): string {
  return low === high ? `${low} characters` : `${low} to ${high} characters`;
}

function ruleName(rule: TextRule): string {
  switch (rule) {
    case TextRule.Name:
      return "name (letters, digits, `-`, `_`, `.`; begins with a letter or digit)";
    case TextRule.Token:
      return "visible ASCII without spaces";
    case TextRule.HeaderName:
      return "lower-case header name";
    case TextRule.Path:
      return "path (begins with `/`, visible ASCII)";
    case TextRule.Sha256:
      return "lower-case hexadecimal digits";
    case TextRule.Base64:
      return "padded base64";
  }
}

function defaultText(field: Field): string {
  if (field.required) return "required";
  switch (field.kind) {
    case "integer":
    case "real":
    case "flag":
      return `\`${String(field.fallback)}\``;
    case "choice":
      return `\`${field.fallback}\``;
    case "text":
      return "empty";
    case "records":
    case "names":
      return "none";
    case "record":
      return hasRequired(field.record) ? "none" : "all defaults";
  }
}
