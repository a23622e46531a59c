// One configuration for each way of being refused.

import {
  CONFIG_BYTES_MAX,
  ConfigProblem as P,
  KEY_HEADERS_MAX,
  LIMITS_PER_ROUTE_MAX,
  LIMIT_VALUES_PER_LIMIT_MAX,
} from "../../../host-tools/src/contract";

export interface Refusal {
  readonly name: string;
  readonly problem: P;
  readonly json: string;
}

const root = (members: string): string => `{"version":1,${members}}`;
const route = (members: string): string => root(`"routes":[{"name":"chat",${members}}]`);
const limit = (members: string): string => {
  return route(`"limits":[{"name":"tier","requests_per_second":10,"burst":20,${members}}]`);
};
const arms = (members: string): string => route(`"arms":[{"name":"a"},{"name":"b"}],${members}`);
const many = (count: number, item: (index: number) => string): string => {
  return Array.from({ length: count }, (_, i) => item(i)).join(",");
};
const value = (i: number): string => `{"value":"v${i}","requests_per_second":1,"burst":1}`;
const limitNamed = (i: number, more = ""): string => {
  return `{"name":"l${i}","requests_per_second":1,"burst":1${more}}`;
};
const ZERO_SHA = "0".repeat(64);

const syntax: [string, P, string][] = [
  ["nothing", P.Empty, ""],
  ["white space", P.Empty, " \n"],
  ["too large", P.TooLarge, " ".repeat(CONFIG_BYTES_MAX + 1)],
  ["no JSON", P.Malformed, "version: 1"],
  ["comma at the end", P.Malformed, '{"version":1,}'],
  ["leading zero", P.Malformed, '{"version":01}'],
  ["NaN", P.Malformed, root('"epoch":NaN')],
  ["byte order mark", P.Malformed, '\ufeff{"version":1}'],
  ["cut off", P.Truncated, '{"version":1,"routes":[{"na'],
  ["cut off after a value", P.Truncated, '{"version":1'],
  ["line break in a text", P.BadText, root('"mode":"sha\ndow"')],
  ["half a surrogate pair", P.BadText, root('"mode":"\\ud800"')],
  ["long text with escapes", P.EscapedTextTooLong, root(`"mode":"\\u0041${"x".repeat(600)}"`)],
  ["second document", P.Trailing, '{"version":1} {"version":1}'],
  ["unknown key", P.UnknownKey, limit('"brust":3')],
  ["unknown key at the root", P.UnknownKey, '{"Version":1}'],
  ["unknown key, long and not ASCII", P.UnknownKey, root(`"é${"x".repeat(100)}":1`)],
  ["the same key twice", P.DuplicateKey, '{"version":1,"version":1}'],
  ["a null and then a value", P.DuplicateKey, root('"epoch":null,"epoch":2')],
  ["no version", P.Missing, "{}"],
  ["null for what is required", P.Missing, '{"version":null}'],
  ["route without name", P.Missing, root('"routes":[{}]')],
  ["limit without rate", P.Missing, route('"limits":[{"name":"l","burst":1}]')],
  ["model without bytes", P.Missing, root(`"model":{"sha256":"${ZERO_SHA}"}`)],
];

const values: [string, P, string][] = [
  ["other version", P.NotExactly, '{"version":2}'],
  ["integer below its bound", P.NotInteger, route('"limits":[{"burst":0}]')],
  ["integer above its bound", P.NotInteger, root('"exploration_permille":101')],
  ["integer with a fraction", P.NotInteger, root('"epoch":5.5')],
  ["integer as text", P.NotInteger, root('"epoch":"5"')],
  ["integer as flag", P.NotInteger, root('"epoch":true')],
  ["integer as object", P.NotInteger, root('"epoch":{"value":5}')],
  ["integer as list", P.NotInteger, root('"epoch":[5]')],
  ["integer beyond the doubles", P.NotInteger, root('"epoch":1e400')],
  ["integer beyond 2^53", P.NotInteger, root('"epoch":9007199254740992')],
  ["minus zero", P.NotInteger, root('"epoch":-0')],
  ["number as text", P.NotNumber, route('"limits":[{"requests_per_second":"10"}]')],
  ["rate of zero", P.NotNumber, route('"limits":[{"requests_per_second":0}]')],
  ["flag as number", P.NotFlag, route('"arms":[{"name":"a","default":1}]')],
  ["choice that does not exist", P.NotChoice, root('"mode":"off"')],
  ["choice of another field", P.NotChoice, root('"mode":"inherit"')],
  ["choice by index", P.NotChoice, route('"anomaly":{"act":1}')],
  ["choice that begins like one", P.NotChoice, root('"mode":"enforc"')],
  ["choices with their separator", P.NotChoice, root('"mode":"enforce|shadow"')],
  ["text as number", P.NotText, root('"routes":[{"name":7}]')],
  ["name in fallback as number", P.NotText, arms('"fallback":[1]')],
  ["empty name", P.TextLength, root('"routes":[{"name":""}]')],
  ["long name", P.TextLength, root(`"routes":[{"name":"${"n".repeat(64)}"}]`)],
  ["long name in fallback", P.TextLength, arms(`"fallback":["${"n".repeat(64)}"]`)],
  ["name with a space", P.NotName, root('"routes":[{"name":"a b"}]')],
  ["name that starts with a dot", P.NotName, root('"routes":[{"name":".a"}]')],
  ["bad name in fallback", P.NotName, arms('"fallback":["a/b"]')],
  ["method with a space", P.NotToken, route('"match":{"method":"G ET"}')],
  ["header name in capitals", P.NotHeaderName, limit('"key_header":"X-Tier"')],
  ["pseudo header", P.NotHeaderName, limit('"key_header":":path"')],
  ["relative path", P.NotPath, route('"match":{"path_prefix":"api"}')],
  ["digest in capitals", P.NotSha256, root(`"model":{"sha256":"${"A".repeat(64)}"}`)],
  ["digest too short", P.NotSha256, root('"model":{"sha256":"00"}')],
  ["bad base64", P.NotBase64, root(`"model":{"sha256":"${ZERO_SHA}","base64":"AA*="}`)],
  ["escaped base64", P.NotBase64, root(`"model":{"sha256":"${ZERO_SHA}","base64":"A\\/AA"}`)],
];

const structure: [string, P, string][] = [
  ["a list for the root", P.NotRecord, "[1]"],
  ["null for the root", P.NotRecord, "null"],
  ["null for a route", P.NotRecord, root('"routes":[null]')],
  ["text for a match", P.NotRecord, route('"match":"/api"')],
  ["deep nesting for a route", P.NotRecord, root(`"routes":[${"[".repeat(99)}`)],
  ["object for the routes", P.NotList, root('"routes":{"name":"a"}')],
  ["text for the fallback", P.NotList, arms('"fallback":"a"')],
  ["too many routes", P.ListLength, root(`"routes":[${many(65, (i) => `{"name":"r${i}"}`)}]`)],
  ["too many arms", P.ListLength, route(`"arms":[${many(17, (i) => `{"name":"a${i}"}`)}]`)],
  ["too many names in fallback", P.ListLength, arms(`"fallback":[${many(17, () => '"a"')}]`)],
  [
    "too many limits in all",
    P.TooManyInAll,
    root(
      `"routes":[${many(33, (r) => {
        return `{"name":"r${r}","limits":[${many(LIMITS_PER_ROUTE_MAX, (i) => limitNamed(i))}]}`;
      })}]`,
    ),
  ],
  [
    "too many limit values in all",
    P.TooManyInAll,
    root(
      `"routes":[${many(5, (r) => {
        const more = `,"key_header":"x","values":[${many(LIMIT_VALUES_PER_LIMIT_MAX, value)}]`;
        const limits = many(LIMITS_PER_ROUTE_MAX, (i) => limitNamed(i, more));
        return `{"name":"r${r}","limits":[${limits}]}`;
      })}]`,
    ),
  ],
  [
    "too many key headers",
    P.TooManyKeyHeaders,
    root(
      `"routes":[${many(2, (r) => {
        const item = (i: number): string => {
          return limitNamed(i, `,"key_header":"x-key-${(r * KEY_HEADERS_MAX + i) % 9}"`);
        };
        return `{"name":"r${r}","limits":[${many(LIMITS_PER_ROUTE_MAX, item)}]}`;
      })}]`,
    ),
  ],
  [
    "too much text",
    P.TextFull,
    root(
      `"routes":[${many(64, (r) => {
        const path = `/${String(r)}${"p".repeat(250)}`;
        return (
          `{"name":"r${r}","match":{"path_prefix":"${path}","authority":"${"a".repeat(255)}"},` +
          `"arms":[{"name":"${"n".repeat(63)}"}]}`
        );
      })}]`,
    ),
  ],
  ["route name twice", P.NameTaken, root('"routes":[{"name":"a"},{"name":"b"},{"name":"a"}]')],
  ["arm name twice", P.NameTaken, route('"arms":[{"name":"a"},{"name":"a"}]')],
  ["limit name twice", P.NameTaken, route(`"limits":[${limitNamed(0)},${limitNamed(0)}]`)],
  ["value twice", P.NameTaken, limit(`"key_header":"x","values":[${value(1)},${value(1)}]`)],
  [
    "two default arms",
    P.TwoDefaults,
    route('"arms":[{"name":"a","default":true},{"name":"b"},{"name":"c","default":true}]'),
  ],
  [
    "prefix and exact path",
    P.PrefixAndExact,
    route('"match":{"path_prefix":"/a","path_exact":"/b"}'),
  ],
  ["fallback to no arm", P.UnknownArm, arms('"fallback":["a","c"]')],
  ["fallback without arms", P.UnknownArm, route('"fallback":["a"]')],
  [
    "canary whose stable arm does not exist",
    P.UnknownArm,
    arms('"canary":{"id":"1","stable":"c","cluster":"x"}'),
  ],
  ["canary without a cluster", P.Missing, route('"canary":{"id":"1","stable":"a"}')],
  ["arm twice in fallback", P.ArmTwice, arms('"fallback":["b","a","b"]')],
  ["only standby arms", P.NoWeight, route('"arms":[{"name":"a","weight":0}]')],
  ["values without header", P.ValuesWithoutKey, limit(`"values":[${value(0)}]`)],
  ["wrong digest", P.ArtifactDigest, root(`"model":{"sha256":"${ZERO_SHA}","base64":"AAAA"}`)],
];

export const REFUSALS: readonly Refusal[] = [...syntax, ...values, ...structure].map(
  ([name, problem, json]) => ({ name, problem, json }),
);
