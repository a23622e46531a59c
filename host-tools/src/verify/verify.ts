// Runs the rules over a set of objects.

import { GanglionError, ExitCode } from "../lib/errors";
import { nearest } from "../lib/nearest";
import { ignoredRules } from "./ignore";
import { Mesh, type MeshOptions } from "./mesh/mesh";
import type { Finding, Rule } from "./rule";
import { RULES } from "./rules";
import type { MeshObject } from "./source/mesh-object";
import { regionOfPiece } from "./source/place";
import { readObjects } from "./source/read-objects";

export interface RuledFinding extends Finding {
  readonly rule: Rule;
}

export interface Verdict {
  readonly mesh: Mesh;
  /** In the order of the files, then of the text. */
  readonly findings: readonly RuledFinding[];
  /** How many an annotation of their object has set aside. */
  readonly ignored: number;
}

export interface VerifyOptions extends MeshOptions {
  /** Only these rules; all where empty. */
  readonly only?: readonly string[];
  readonly without?: readonly string[];
  /** Of objects that name none; by default `default`. */
  readonly namespace?: string | undefined;
}

/** @throws GanglionError E_RULE for an id that no rule has */
export function verifyObjects(
  objects: readonly MeshObject[],
  options: VerifyOptions = {},
): Verdict {
  const { only = [], without = [] } = options;
  for (const id of [...only, ...without]) checkRuleId(id);
  const mesh = new Mesh(objects, options);
  const all = RULES.filter(({ id }) => only.length === 0 || only.includes(id))
    .filter(({ id }) => !without.includes(id))
    .flatMap((rule) => [...rule.check(mesh)].map((finding) => ({ ...finding, rule })));
  const findings = all.filter((finding) => !isIgnored(finding));
  return {
    mesh,
    findings: inReadingOrder(objects, findings),
    ignored: all.length - findings.length,
  };
}

/**
 * As verifyObjects, over texts.
 *
 * @throws GanglionError E_MESH_YAML with the place in the text
 */
export function verifyTexts(
  texts: readonly { readonly name: string; readonly text: string }[],
  options: VerifyOptions = {},
): Verdict {
  const { namespace = "default" } = options;
  return verifyObjects(
    texts.flatMap(({ name, text }) => readObjects(name, text, namespace)),
    options,
  );
}

function checkRuleId(id: string): void {
  const known = RULES.map((rule) => rule.id);
  if (known.includes(id)) return;
  const near = nearest(id, known);
  throw new GanglionError("E_RULE", `no rule is called ${id}`, {
    hint: near === undefined ? "docs/rules/README.md has them all." : `Did you mean ${near}?`,
    exitCode: ExitCode.usage,
  });
}

function isIgnored(finding: RuledFinding): boolean {
  return (ignoredRules(finding.at.object).get(finding.rule.id) ?? "") !== "";
}

function inReadingOrder(
  objects: readonly MeshObject[],
  findings: readonly RuledFinding[],
): RuledFinding[] {
  const files = new Map(
    [...new Set(objects.map((object) => object.file))].map((file, i) => [file, i]),
  );
  return findings
    .map((finding) => {
      const file = files.get(finding.at.object.file) ?? 0;
      return { finding, file, from: regionOfPiece(finding.at, finding.piece).from };
    })
    .sort((a, b) => a.file - b.file || a.from - b.from)
    .map(({ finding }) => finding);
}
