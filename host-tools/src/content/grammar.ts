// Text from a grammar: a rule is a list of alternatives, one is drawn, and each «name» in it is
// replaced by what that rule gives. Small enough to read a generator of targets as a table.

import { GanglionError } from "../lib/errors";
import type { Prng } from "../lib/prng";

/** An alternative, or something to be called with the random source. */
export type Alternative = string | ((random: Prng) => string);
export type Grammar = Readonly<Record<string, readonly Alternative[]>>;

/** What a rule gives; rules must not refer to themselves. */
export function expand(grammar: Grammar, rule: string, random: Prng): string {
  const alternatives = grammar[rule];
  if (alternatives === undefined) throw new GanglionError("E_GRAMMAR", `no rule ${rule}`);
  const drawn = alternatives[random.below(alternatives.length)]!;
  const text = typeof drawn === "string" ? drawn : drawn(random);
  return text.replace(/«(\w+)»/g, (_, name: string) => expand(grammar, name, random));
}
