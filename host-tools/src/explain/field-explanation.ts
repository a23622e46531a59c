// A member of the policy file explained: what it is, its bounds, its default, and what is below.

import { findEntries, membersOf, type ShapeEntry, shapeEntries } from "../config/shape/shape-paths";
import { defaultWords, istioWords, shapeWords } from "../config/shape/shape-words";
import type { AnyShape } from "../config/shape/shape";
import { ExitCode, GanglionError } from "../lib/errors";
import { nearest } from "../lib/nearest";

export interface FieldExplanation {
  /** `*` stands for a name of the user's choice, `[]` for an item of a list. */
  readonly path: string;
  readonly help: string;
  readonly value: string;
  readonly default: string;
  readonly unit?: string;
  readonly istio?: string;
  readonly example?: string;
  readonly members: readonly FieldMember[];
}
export interface FieldMember {
  readonly key: string;
  readonly help: string;
  readonly value: string;
  readonly default: string;
}

/**
 * Explains all members that a person may mean.
 *
 * @param words a path, or its last words; empty for the file as a whole
 * @throws GanglionError E_FIELD where nothing is called so
 */
export function explainField(root: AnyShape, words: string): FieldExplanation[] {
  if (words === "") return [explained({ path: "", shape: root })];
  const found = findEntries(root, words);
  if (found.length > 0) return found.map(explained);
  const guess = nearestPath(root, words);
  throw new GanglionError("E_FIELD", `the policy file has no member ${words}`, {
    hint:
      guess === undefined ? "`ganglion explain` lists what there is." : `Did you mean ${guess}?`,
    exitCode: ExitCode.usage,
  });
}

/** The nearest by last word, or by whole path. */
function nearestPath(root: AnyShape, words: string): string | undefined {
  const paths = shapeEntries(root).map(({ path }) => path);
  const lastOf = (path: string): string =>
    path.split(/[.[\]]+/).findLast((one) => one !== "") ?? "";
  const last = nearest(lastOf(words), [...new Set(paths.map(lastOf))]);
  const sameLast = paths.filter((path) => lastOf(path) === last);
  return nearest(words, paths) ?? nearest(words, sameLast) ?? sameLast[0];
}

function explained({ path, shape }: ShapeEntry): FieldExplanation {
  const { unit, example } = shape;
  const istio = istioWords(shape);
  return {
    path,
    help: shape.help,
    value: shapeWords(shape),
    default: defaultWords(shape),
    ...(unit === undefined ? {} : { unit }),
    ...(istio === undefined ? {} : { istio }),
    ...(example === undefined ? {} : { example }),
    members: nearestMembers(path, shape),
  };
}

/** Members; of a list or mapping of records those of an item, which is what one wants to see. */
function nearestMembers(path: string, shape: AnyShape): FieldMember[] {
  const members = membersOf(shape, path);
  const [only] = members;
  const isItem = only !== undefined && /(\*|\[\])$/.test(only.path);
  const shown = isItem ? membersOf(only.shape, only.path) : members;
  return shown.map((member) => ({
    key: member.path.slice(member.path.lastIndexOf(".") + 1),
    help: member.shape.help,
    value: shapeWords(member.shape),
    default: defaultWords(member.shape),
  }));
}
