// What a rule is and what it says. A rule reads the mesh and names places in it; it never prints,
// and it says nothing of a configuration that does what it was written for.

import { overlap, type TextEdit } from "./fix/text-edit";
import type { Mesh } from "./mesh/mesh";
import type { View } from "./source/view";

/** An error does not work as written; a warning works, and hurts. */
export type Severity = "error" | "warning";

export interface Rule {
  /** Speaking and stable; its page is docs/rules/<id>.md. */
  readonly id: string;
  readonly severity: Severity;
  /** What is wrong, in one sentence. */
  readonly summary: string;
  readonly check: (mesh: Mesh) => Iterable<Finding>;
}

export interface Finding {
  readonly at: View;
  /** Part of the scalar that is meant, as it is written there: a line of a script. */
  readonly piece?: string | undefined;
  /** With the arithmetic in numbers. */
  readonly message: string;
  /** What to do, in the imperative. */
  readonly advice: string;
  /** The correction; none where the text cannot be changed safely. */
  readonly fix?: readonly TextEdit[] | undefined;
  /** Other places that belong to it. */
  readonly related?: readonly { readonly at: View; readonly message: string }[];
}

/** A correction of several edits; none when one of them cannot be made, or two are of one place. */
export function fixOf(...edits: readonly (TextEdit | undefined)[]): TextEdit[] | undefined {
  const made = edits.filter((edit) => edit !== undefined);
  if (made.length < edits.length || made.length === 0) return undefined;
  const clash = made.some((edit, i) => made.slice(0, i).some((other) => crosses(edit, other)));
  return clash ? undefined : made;
}

/** Several insertions at one place are made in their order. */
function crosses(a: TextEdit, b: TextEdit): boolean {
  return !(a.from === a.to && b.from === b.to) && overlap(a, b);
}
