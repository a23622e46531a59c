// Made-up healthy targets: paths and queries as web and LLM services see them. Not recorded ones,
// because what ships must not carry anybody's traffic; what they have in common with real ones is
// which bytes stand next to each other. Values that look alarming and are not (an apostrophe in a
// name, a filter expression, JSON, an address in another URL) are there on purpose.

import type { Prng } from "../lib/prng";
import { type Grammar, expand } from "./grammar";

const ONSETS =
  "b c d f g h j k l m n p r s t v w z br ch cl cr dr fl gr pl pr sh st th tr qu".split(" ");
const NUCLEI = "a e i o u a e i o ai ea ee ie io ou oo".split(" ");
const CODAS = ["", "", "", "l", "m", "n", "r", "s", "t", "x", "nd", "ng", "nt", "rs", "st", "ck"];
const pick = <T>(random: Prng, items: readonly T[]): T => items[random.below(items.length)]!;
const repeat = (random: Prng, least: number, most: number, one: () => string) =>
  Array.from({ length: least + random.below(most - least + 1) }, one).join("");
const from = (alphabet: string, least: number, most: number) => (random: Prng) =>
  repeat(random, least, most, () => alphabet[random.below(alphabet.length)]!);

/** A word that nobody knows and anybody could read. */
function word(random: Prng): string {
  return repeat(
    random,
    1,
    4,
    () => pick(random, ONSETS) + pick(random, NUCLEI) + pick(random, CODAS),
  );
}

const HEX = "0123456789abcdef";
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const hex = (length: number) => from(HEX, length, length);
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const accented = (random: Prng) => word(random) + pick(random, [..."éèüößñçåøãî"]) + word(random);
const ideographs = (random: Prng) =>
  repeat(random, 1, 8, () => String.fromCharCode(0x4e00 + random.below(0x5000)));

const GRAMMAR: Grammar = {
  word: [word],
  name: [(random) => capital(word(random)), (random) => `O'${capital(word(random))}`, "«name2»"],
  name2: [(random) => `${capital(word(random))}-${capital(word(random))}`, accented, ideographs],
  noun: (
    "users orders items products carts invoices payments sessions messages chats models files " +
    "images jobs tasks events reports teams projects documents embeddings completions accounts " +
    "customers search suggest catalog reviews tags comments posts articles devices metrics alerts " +
    "settings profile login logout token health status webhooks subscriptions plans regions"
  ).split(" "),
  number: [from("0123456789", 1, 3), from("0123456789", 4, 10), from("0123456789", 11, 19)],
  id: ["«number»", "«number»", "«uuid»", "«slug»", "«token»", "«prefixed»", "«name3»"],
  name3: ["«word»", "«word»_«word»", "«word»«number»"],
  uuid: [
    (random) => [8, 4, 4, 4, 12].map((length) => hex(length)(random)).join("-"),
    hex(24),
    hex(32),
  ],
  prefixed: [(random) => `${pick(random, ["usr", "ord", "chat", "req"])}_${hex(16)(random)}`],
  slug: ["«word»-«word»", "«word»-«word»-«word»-«number»", "«word»"],
  token: [from(BASE64URL, 16, 43), from(BASE64URL, 60, 120)],
  version: ["v1", "v2", "v3", "2024-06-01"],
  model: ["gpt-4o", "gpt-4o-mini", "llama-3.1-8b", "mistral-7b-instruct", "text-embedding-3-small"],
  file: ["«slug».«extension»", "«word».min.«extension»", "«word».«hash».«extension»"],
  hash: [hex(8), hex(20)],
  extension: ["js", "css", "png", "svg", "woff2", "html", "json", "pdf", "jpg", "webp"],
  path: [
    "/«noun»",
    "/api/«version»/«noun»",
    "/api/«version»/«noun»/«id»",
    "/api/«version»/«noun»/«id»/«noun»",
    "/«version»/«noun»/«id»/«noun»/«id»",
    "/«version»/chat/completions",
    "/«version»/models/«model»",
    "/«version»/projects/«slug»/locations/«region»/models/«model»:predict",
    "/static/«word»/«file»",
    "/assets/«file»",
    "/«slug»/«slug»",
    "/«word».«word».«name4»/«name4»",
    "/.well-known/openid-configuration",
    "/",
  ],
  name4: [(random) => capital(word(random)) + capital(word(random))],
  region: ["us-east-1", "eu-west-3", "europe-west4", "ap-southeast-2"],
  date: [
    (random) => `20${10 + random.below(20)}-0${1 + random.below(9)}-${10 + random.below(18)}`,
    (random) => `${10 + random.below(18)}/0${1 + random.below(9)}/20${10 + random.below(20)}`,
    "«day»T«clock»Z",
    "«day»T«clock»+0«digit»:00",
    "«day» «clock»",
  ],
  day: [(random) => `20${10 + random.below(20)}-1${random.below(3)}-0${1 + random.below(9)}`],
  clock: [(random) => `1${random.below(10)}:${10 + random.below(50)}:${10 + random.below(50)}`],
  digit: [..."0123456789"],
  email: ["«word»@«word».com", "«word».«word»@«word».org", "«word»+«word»@«word».co.uk"],
  phone: ["+«digit»«digit» «number»", "(«digit»«digit»«digit») «digit»«digit»«digit»-«number»"],
  address: [
    "«name» street «number»",
    "c/ «name», «number», «digit»º «digit»",
    "«number» «name» Ave., apt. «digit»",
    "«name», «number» («name»)",
    "«name» s/n",
  ],
  text: [
    "«word»",
    "«word» «word»",
    "«word» «word» «word»",
    "the «word» of «word»",
    "how to «word» a «word»?",
    "what is «word» & «word»",
    '"«word» «word»" «word»',
    "«word», «word» and «word»!",
    "«name» «name»",
    "select a «word» from the «word»",
    "it's «word»",
    "c++ or c#",
    "«word» (new)",
    "50% off «word»",
  ],
  number2: [
    "-«number»",
    "«digit».«number»",
    "-«digit».«number»,«digit»«digit».«number»",
    "1e-«digit»",
  ],
  list: ["«word»,«word»,«word»", "«number»,«number»", "«word»|«word»", "«word»:desc,«word»:asc"],
  json: [
    '{"«word»":"«word»","«word»":«number»}',
    '["«word»","«word»"]',
    '{"«word»":{"«word»":[«number»,«number»]},"«word»":true}',
  ],
  filter: [
    "«word» eq '«word»'",
    "«word» gt «number» and «word» lt «number»",
    "«word»>=«number»",
    "status:«word» -«word»",
    "«word»=«word»",
  ],
  link: [
    "https://«word».com/«word»/«id»",
    "https://www.«word».org/«word»?«word»=«number»",
    "/«word»/«word»",
  ],
  agent: ["Mozilla/5.0 (X11; Linux x86_64)", "«word»/«digit».«digit».«digit»"],
  flag: ["true", "false", "on", "yes", "asc", "desc", "json", "en-US", "de", "EUR", "USD", "null"],
  value: [
    "«number»",
    "«number»",
    "«flag»",
    "«flag»",
    "«word»",
    "«id»",
    "«text»",
    "«text»",
    "«name» «name»",
    "«date»",
    "«email»",
    "«number2»",
    "«list»",
    "«address»",
    "«phone»",
    "«valueRare»",
  ],
  valueRare: ["«json»", "«filter»", "«link»", "«token»", "«agent»", "«uuid»"],
  key: [
    ..."page limit offset sort order q query filter fields id user_id from to lang cursor".split(
      " ",
    ),
    ..."start end include size token state redirect_uri utm_source category price[min]".split(" "),
    "«word»",
    "«word»_id",
    "«word»[]",
    "$filter",
    "x-«word»",
  ],
};

/** Percent-encodes as browsers (space %20) or forms (space +) do, or leaves what may be left. */
export function encodeValue(text: string, style: "component" | "form" | "lax"): string {
  if (style === "lax") return encodeURI(text).replace(/[&#]/g, encodeURIComponent);
  const encoded = encodeURIComponent(text);
  return style === "form" ? encoded.replace(/%20/g, "+") : encoded;
}

/** A healthy key and value, encoded. */
function healthyPair(random: Prng): string {
  const style = pick(random, ["component", "component", "form", "lax"] as const);
  const key = encodeValue(expand(GRAMMAR, "key", random), "lax");
  return `${key}=${encodeValue(expand(GRAMMAR, "value", random), style)}`;
}

/** A healthy path, encoded. */
export function healthyPath(random: Prng): string {
  return encodeURI(expand(GRAMMAR, "path", random));
}

/** A healthy query of one to five pairs, without its '?'. */
export function healthyQuery(random: Prng): string {
  const count = 1 + random.below(5);
  return Array.from({ length: count }, () => healthyPair(random)).join("&");
}

/** A healthy target: two in three have a query. */
export function healthyTarget(random: Prng): string {
  const path = healthyPath(random);
  return random.below(3) === 0 ? path : `${path}?${healthyQuery(random)}`;
}
