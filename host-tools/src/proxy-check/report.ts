// The answers for people and for programs.

import type { paint } from "../lib/talk";
import type { Acted, Missing } from "./acted";
import type { Answer, Verdict } from "./answer";
import type { ProxyCheck } from "./check-proxy";

type Paint = typeof paint;

const WORDS: Readonly<Record<Verdict, string>> = { yes: "yes", no: "no", absent: "not here" };
const WORD_WIDTH = 10;
const ITEM_WIDTH_MAX = 44;

/** A table for each service; a service that the proxy does not know is one line. */
export function proxyText(check: ProxyCheck, colour: Paint): string {
  const groups = [...new Set(check.answers.map(({ group }) => group))];
  const width = Math.min(
    ITEM_WIDTH_MAX,
    Math.max(0, ...check.answers.map(({ item }) => item.length)),
  );
  const blocks = groups.map((group) => {
    const own = check.answers.filter((answer) => answer.group === group);
    const lines = own.map((answer) => line(answer, width, colour));
    const acted = check.acted.get(group);
    return [colour.strong(group), ...lines, ...(acted ? [actedLine(acted, colour)] : [])]
      .map((one) => `${one}\n`)
      .join("");
  });
  const of = check.service === undefined ? "" : `, of ${check.service}`;
  return [
    `${colour.strong(`Envoy of ${check.proxy}`)}${of}; model: ${check.model}\n`,
    ...blocks,
  ].join("\n");
}

function line({ verdict, item, said, found }: Answer, width: number, colour: Paint): string {
  const word = WORDS[verdict].padEnd(WORD_WIDTH);
  const shown =
    verdict === "no" ? colour.bad(word) : verdict === "yes" ? colour.good(word) : colour.dim(word);
  const text =
    verdict === "no" ? `${said}, but found ${found}` : said === found ? said : `${said}: ${found}`;
  return `  ${shown}${item.padEnd(width)}  ${text}`;
}

/** Counters, then what is not there by its reason. */
function actedLine({ counts, missing }: Acted, colour: Paint): string {
  const told = Object.entries(counts).filter(([, value]) => value !== null);
  const parts = told.map(([name, value]) => `${words(name)} ${value}`);
  for (const reason of new Set(missing.values())) {
    const names = [...missing].filter(([, one]) => one === reason).map(([name]) => words(name));
    const all = names.length === Object.keys(counts).length;
    parts.push(`${all ? "" : `${names.join(", ")}: `}${REASONS[reason]}`);
  }
  return `  ${colour.dim(`${"acted".padEnd(WORD_WIDTH)}${parts.join("; ")}`)}`;
}

const REASONS: Readonly<Record<Missing, string>> = {
  "not published":
    "not published; the pod's annotation sidecar.istio.io/statsInclusionPrefixes: cluster.outbound does",
  "no call yet": "no call yet, with which counting begins",
  "no outlier detection": "the cluster has no outlier detection",
};

const words = (name: string): string => name.replaceAll("_", " ");

/** `absent` is spelt like the text's "not here"; a counter that is not there is null, with its reason. */
export function proxyJson(check: ProxyCheck): string {
  const groups = [...new Set(check.answers.map(({ group }) => group))];
  const value = {
    proxy: check.proxy,
    service: check.service ?? null,
    model: check.model,
    groups: groups.map((group) => ({
      name: group,
      answers: check.answers
        .filter((answer) => answer.group === group)
        .map(({ item, verdict, said, found }) => ({ item, verdict: WORDS[verdict], said, found })),
      acted: check.acted.get(group)?.counts ?? null,
      acted_missing: Object.fromEntries(check.acted.get(group)?.missing ?? []),
    })),
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}
