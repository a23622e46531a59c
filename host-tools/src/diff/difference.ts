// What separates a policy from what is there: objects that are missing, that nobody renders any
// more, or that say something else.

import { unifiedDiff } from "./line-diff";
import { type AnyObject, identityOf, isOurs, normalText, titleOf } from "./normal-object";

export interface Difference {
  readonly state: "missing" | "extra" | "changed";
  /** `Kind NAMESPACE/NAME`, or the name of a file. */
  readonly object: string;
  /** Where it stands or would stand. */
  readonly place: string;
  /** From what is there to what the policy says. */
  readonly diff: string;
}

/** An object and the file that it stands in. */
export interface Placed {
  readonly place: string;
  readonly object: AnyObject;
}

const NOWHERE = "/dev/null";

/**
 * Compares by what objects are, not by files: a folder may hold them in any files it likes.
 * Objects there that do not carry our labels are somebody else's and are left alone.
 */
export function objectDifferences(
  wanted: readonly Placed[],
  found: readonly Placed[],
  isPushed: boolean,
): Difference[] {
  const there = new Map(found.map((one) => [identityOf(one.object), one]));
  const known = new Set(wanted.map(({ object }) => identityOf(object)));
  return [
    ...wanted.flatMap((one) => objectDifference(there.get(identityOf(one.object)), one, isPushed)),
    ...found
      .filter(({ object }) => isOurs(object) && !known.has(identityOf(object)))
      .flatMap((one) => objectDifference(one, undefined, isPushed)),
  ];
}

/** One object there and as the policy has it; undefined where there is none. */
export function objectDifference(
  found: Placed | undefined,
  wanted: Placed | undefined,
  isPushed: boolean,
): Difference[] {
  const text = (one: Placed | undefined) =>
    one === undefined ? "" : normalText(one.object, isPushed);
  const either = wanted ?? found;
  if (either === undefined) return [];
  const object = titleOf(either.object);
  return difference(
    object,
    { place: found?.place, text: text(found) },
    {
      place: wanted?.place,
      text: text(wanted),
    },
  );
}

interface Side {
  readonly place: string | undefined;
  readonly text: string;
}

/** Of texts, no place standing for none. */
export function difference(object: string, found: Side, wanted: Side): Difference[] {
  const sides = { before: found.place ?? NOWHERE, after: wanted.place ?? NOWHERE };
  const diff = unifiedDiff(found.text, wanted.text, sides);
  if (diff === "") return [];
  const state =
    found.place === undefined ? "missing" : wanted.place === undefined ? "extra" : "changed";
  return [{ state, object, place: found.place ?? wanted.place ?? "", diff }];
}
