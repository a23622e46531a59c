// What the real istioctl says of the same input as verify: of the examples of docs/rules, and beside our
// findings in the command.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { runCommand, scratchDir } from "../../host-tools/src/rig";
import { RULES } from "../../host-tools/src/verify";
import { analyze } from "../../host-tools/src/verify/analyze/istioctl";
import { rulePages, rulesIndex } from "../support/rule-pages";
import { meshCanRun, meshParts } from "./rig";
import { DEFECTS, readDefect } from "../host/verify/defects";
import { projectRoot } from "../support/project-root";

/** Said of every EnvoyFilter, whatever is in it. */
const GENERIC = ["IST0133", "IST0151"];
/** A fixture has routes to subsets, and the DestinationRule is not part of its defect. */
const MISSING_SUBSET = "IST0101";
/** The two of the seed's twenty defects that istioctl names, by our rules. */
const NAMED_OF_SEED = ["host-owned-twice", "sidecar-short-host"];
/** The first rule that is about more than those twenty. */
const FIRST_BEYOND = "unreachable-route";

describe.runIf(await meshCanRun())("istioctl analyze", () => {
  let istioctl: string;
  beforeAll(async () => {
    ({ istioctl } = await meshParts(() => undefined));
  });

  const codesOf = async (name: string, text: string): Promise<string[]> => {
    const messages = await analyze(istioctl, [{ name, text }], "ai-services");
    return [...new Set(messages.map(({ code }) => code))].sort();
  };

  it.for(rulePages())("says of $rule what its page tells", async ({ rule, broken, codes }) => {
    expect(await codesOf(rule, broken)).toEqual(codes);
  });

  it.for(rulePages())("has no error in the corrected example of $rule", async ({ rule, fixed }) => {
    const messages = await analyze(istioctl, [{ name: rule, text: fixed }], "ai-services");
    const errors = messages.filter(({ level }) => level === "Error");
    expect(errors.map(({ code, message }) => `${code}: ${message}`)).toEqual([]);
  });

  it("names of the seed's defects two, as the table of all rules shows", () => {
    const told = new Map(
      [...rulesIndex().matchAll(/^\| \[([a-z0-9-]+)\].*\|([^|]*)\|$/gm)].map(
        ([, rule = "", codes = ""]) => [rule, codes.trim()] as const,
      ),
    );
    for (const { rule, codes } of rulePages()) {
      const own = codes.filter((code) => !GENERIC.includes(code));
      expect(told.get(rule), rule).toBe(own.join(", "));
    }
    const named = [...told.values()].filter((codes) => codes !== "").length;
    const sentence = `Of the ${told.size} failing examples istioctl names the fault in ${named}.`;
    expect(rulesIndex()).toContain(sentence);
    const ids = RULES.map(({ id }) => id);
    const ofSeed = ids.slice(0, ids.indexOf(FIRST_BEYOND));
    expect(ofSeed.filter((id) => told.get(id) !== "")).toEqual(NAMED_OF_SEED);
  });

  it.for(DEFECTS)("names of the seed's defect $id what the table tells", async ({ id, finds }) => {
    const folder = join(projectRoot(), "test", "host", "verify", "defects");
    const codes = await codesOf(id, readDefect(folder, id, "broken").text);
    const own = codes.filter((code) => ![...GENERIC, MISSING_SUBSET].includes(code));
    const row = rulesIndex().match(new RegExp(`^\\| ${id} .*$`, "m"))?.[0] ?? "";
    const [, , rules = "", told = ""] = row.split("|").map((cell) => cell.trim());
    expect(told).toBe(own.join(", "));
    const links = [...rules.matchAll(/\[([a-z0-9-]+)\]/g)].map(([, rule]) => rule);
    expect(links).toEqual([...new Set(finds.map(({ rule }) => rule))]);
  });

  it("stands beside our findings in `verify --analyze`", async () => {
    const file = join(scratchDir("analyze-command"), "mesh.yaml");
    const page = (rule: string) => rulePages().find((one) => one.rule === rule)!.broken;
    writeFileSync(file, `${page("host-owned-twice")}---\n${page("deny-over-allow")}`);
    const command = join(projectRoot(), "build", "ganglion.mjs");
    const args = [command, "verify", file, "--analyze", "--istioctl", istioctl];
    const text = await runCommand(process.execPath, args);
    expect(text.stderr).toContain(
      "istioctl analyze says something of 1 of 2 objects with findings",
    );
    expect(text.stdout).toMatch(
      /^VirtualService ai-services\/llm-service-canary +host-owned-twice +IST0109$/m,
    );
    expect(text.stdout).toMatch(/^AuthorizationPolicy ai-services\/deny-all +deny-over-allow +-$/m);
    expect(text.status).toBe(79);
    const json = await runCommand(process.execPath, [...args, "-o", "json"]);
    const { istioctl: messages } = JSON.parse(json.stdout) as { istioctl: { code: string }[] };
    expect(messages.map(({ code }) => code)).toContain("IST0109");
  });
});
