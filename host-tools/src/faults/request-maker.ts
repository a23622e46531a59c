// One ordinary request of a route: path, sizes, caller. Paths look like those of a real service, because
// the content layer reads them; words and shapes are our own.

import { exp, normal } from "../model/exact-math";
import type { Prng } from "../lib/prng";
import type { SuiteRequest } from "./scenario";
import type { SuiteRoute } from "./suite-routes";

const WORDS = (
  "invoice delivery account balance refund ticket status password change address order cancel " +
  "return size colour summer winter shoes jacket price discount voucher contract renewal upgrade " +
  "travel hotel flight weather recipe garden battery charger screen camera lens manual warranty"
).split(" ");

const BYTES_PER_TOKEN = 4;
/** The envelope around a prompt: model name, parameters, roles. */
const ENVELOPE_BYTES = 260;
const SIZE_SPREAD = 0.7;

function lognormal(random: Prng, median: number, spread: number): number {
  return Math.max(1, Math.round(median * exp(spread * normal(random))));
}

function word(random: Prng): string {
  return WORDS[random.below(WORDS.length)]!;
}

/** Hexadecimal digits. */
export function hexText(random: Prng, digits: number): string {
  let text = "";
  while (text.length < digits) text += random.u32().toString(16).padStart(8, "0");
  return text.slice(0, digits);
}

/** A path as the route's ordinary callers ask for. */
export function ordinaryPath(route: SuiteRoute, random: Prng): string {
  switch (route.name) {
    case "search": {
      const words = Array.from({ length: 1 + random.below(4) }, () => word(random));
      const page = random.below(3) === 0 ? `&page=${1 + random.below(9)}` : "";
      return `${route.prefix}?q=${words.join("+")}${page}`;
    }
    case "session":
      return `${route.prefix}/${hexText(random, 16)}`;
    case "report": {
      const month = String(1 + random.below(12)).padStart(2, "0");
      return `${route.prefix}/2026-${month}?format=${random.below(2) === 0 ? "csv" : "pdf"}`;
    }
    case "chat":
    case "assist":
      return `${route.prefix}/conversations/${hexText(random, 12)}/messages`;
    case "login":
      return `${route.prefix}?next=%2F${word(random)}`;
    default:
      return `${route.prefix}/v1`;
  }
}

/** Callers are not equal: the first tenth sends a third of the requests. */
export function ordinaryClient(route: SuiteRoute, index: number, random: Prng): number {
  const u = random.uniform();
  return index * 4096 + Math.floor(route.clients * u * u);
}

/**
 * An ordinary request.
 *
 * @param index of the route in its scenario
 */
export function ordinaryRequest(
  route: SuiteRoute,
  index: number,
  atMs: number,
  random: Prng,
): SuiteRequest {
  const isRefused = random.below(1000) < route.refusals.permille;
  const sized = (median: number): number =>
    median === 0 ? 0 : lognormal(random, median, SIZE_SPREAD);
  const promptTokens = sized(route.promptTokens);
  const outputTokens = sized(route.outputTokens);
  const contentBytes =
    promptTokens > 0 ? ENVELOPE_BYTES + BYTES_PER_TOKEN * promptTokens : sized(route.contentBytes);
  return {
    atMs,
    route: index,
    arm: random.below(route.arms.length),
    method: route.method,
    path: ordinaryPath(route, random),
    contentBytes,
    promptTokens,
    outputTokens,
    client: ordinaryClient(route, index, random),
    attempt: 1,
    answer: isRefused ? route.refusals.status : 0,
    isExtra: false,
  };
}
