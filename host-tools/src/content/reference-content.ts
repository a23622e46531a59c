// The content scorer a second time, written from the rule at the head of
// contract/content-artifact.ts and not from the filter's code: fields are cut out first, and each
// becomes a list of n-grams. A test holds both equal over random targets.

import {
  CONTENT_BYTES_MAX,
  CONTENT_HASH_1,
  CONTENT_HASH_2,
  CONTENT_HASH_3,
  CONTENT_HAS_ONE_CLASS,
  CONTENT_HAS_SUPERVISED,
  CONTENT_HEAD_BYTES,
  CONTENT_TWO_TABLES_EVIDENCE,
} from "../contract";
import type { ContentArtifact, ContentTable, EvidenceKnot } from "./content-artifact";

/** Normalised bytes of one field, and where each came from in the target. */
export interface ContentField {
  readonly text: number[];
  readonly origins: number[];
}

/** What is known of one target. */
export interface ContentScore {
  readonly supervised: number;
  readonly supervisedField: number;
  readonly oneClass: number;
  readonly oneClassField: number;
  /** Q8, each table's and both together. */
  readonly supervisedEvidence: number;
  readonly oneClassEvidence: number;
  readonly evidence: number;
  readonly fields: number;
}

/** A stretch of the target that is one field, delimiters left out. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly inPath: boolean;
}

/** Score of a target without fields. */
const NOTHING = -0x40000000;
const code = (letter: string) => letter.charCodeAt(0);

/** The fields of a target, empty ones left out. */
export function contentFields(target: Uint8Array): ContentField[] {
  const long = target.length > CONTENT_BYTES_MAX;
  const head = long ? CONTENT_HEAD_BYTES : target.length;
  const query = target.subarray(0, head).indexOf(code("?"));
  const stretches = cut(target, 0, head, query < 0, query < 0 ? head : query);
  if (long) stretches.push(...tailOf(target, stretches.keyOpen, query < 0));
  return stretches.filter(({ from, to }) => to > from).map((stretch) => normalise(target, stretch));
}

/** Stretches in order; keyOpen tells whether the last one is a key that may still meet its '='. */
type Stretches = Stretch[] & { keyOpen?: boolean };

/** Cuts [from, to) of a target whose path ends at `pathEnd`. */
function cut(
  target: Uint8Array,
  from: number,
  to: number,
  allPath: boolean,
  pathEnd: number,
): Stretches {
  const stretches: Stretches = [];
  let begin = from;
  for (let at = from; at < pathEnd; at++) {
    if (target[at] !== code("/")) continue;
    stretches.push({ from: begin, to: at, inPath: true });
    begin = at;
  }
  stretches.push({ from: begin, to: pathEnd, inPath: true });
  if (!allPath) cutQuery(target, pathEnd + 1, to, true, stretches);
  return stretches;
}

/** Cuts keys and values; `key` says whether the first stretch is a key. */
function cutQuery(
  target: Uint8Array,
  from: number,
  to: number,
  key: boolean,
  stretches: Stretches,
): void {
  let begin = from;
  let inKey = key;
  for (let at = from; at < to; at++) {
    const ends = target[at] === code("&") || (inKey && target[at] === code("="));
    if (!ends) continue;
    stretches.push({ from: begin, to: at, inPath: false });
    inKey = target[at] === code("&");
    begin = at + 1;
  }
  stretches.push({ from: begin, to, inPath: false });
  stretches.keyOpen = inKey;
}

/** The tail of a long target goes on in the part in which the head ended. */
function tailOf(target: Uint8Array, keyOpen: boolean | undefined, inPath: boolean): Stretch[] {
  const from = target.length - (CONTENT_BYTES_MAX - CONTENT_HEAD_BYTES);
  const stretches: Stretches = [];
  if (!inPath) {
    cutQuery(target, from, target.length, keyOpen ?? false, stretches);
    return stretches;
  }
  const query = target.subarray(from).indexOf(code("?"));
  return cut(target, from, target.length, query < 0, query < 0 ? target.length : from + query);
}

function normalise(target: Uint8Array, { from, to, inPath }: Stretch): ContentField {
  const raw = String.fromCharCode(...target.subarray(from, to));
  const text: number[] = [];
  const origins: number[] = [];
  for (const { 0: piece, index } of raw.matchAll(/%[0-9a-fA-F]{2}|[^]/g)) {
    const decoded = piece.length === 3 ? String.fromCharCode(parseInt(piece.slice(1), 16)) : piece;
    const spaced = piece === "+" && !inPath ? " " : decoded;
    const folded = spaced.replace(/[A-Z]/, (letter) => letter.toLowerCase()).replace(/[0-9]/, "0");
    text.push(folded.charCodeAt(0));
    origins.push(from + index);
  }
  return { text, origins };
}

/** Entries of the three n-grams that end at each byte of a field, three a byte. */
export function fieldEntries(text: readonly number[], entries: number): Uint16Array {
  const shift = 32 - Math.log2(entries);
  const found = new Uint16Array(3 * text.length);
  text.forEach((byte, i) => {
    const b = text[i - 1] ?? 0;
    const a = text[i - 2] ?? 0;
    const two = b * 256 + byte;
    found[3 * i] = Math.imul(byte + 1, CONTENT_HASH_1) >>> shift;
    found[3 * i + 1] = Math.imul(two + 65536, CONTENT_HASH_2) >>> shift;
    found[3 * i + 2] = Math.imul(a * 65536 + two + 16777216, CONTENT_HASH_3) >>> shift;
  });
  return found;
}

/** Score of a field in one table. */
function fieldScore(field: ContentField, table: ContentTable): number {
  const sum = fieldEntries(field.text, table.weights.length).reduce(
    (all, entry) => all + table.weights[entry]!,
    0,
  );
  const unit = Math.floor(Math.sqrt((field.text.length + 4) * 65536));
  return Math.trunc((sum * 4096) / unit) + table.bias;
}

/** Scores a target with an artifact. */
export function scoreContent(artifact: ContentArtifact, target: Uint8Array): ContentScore {
  const fields = contentFields(target);
  const best = (table: ContentTable) =>
    fields.reduce(
      (most, field, index) => {
        const score = fieldScore(field, table);
        return score > most.score ? { score, index } : most;
      },
      { score: NOTHING, index: 0 },
    );
  const supervised = best(artifact.supervised);
  const oneClass = best(artifact.oneClass);
  const supervisedEvidence = alongCurve(artifact.supervised.curve, supervised.score);
  const oneClassEvidence = alongCurve(artifact.oneClass.curve, oneClass.score);
  return {
    supervised: supervised.score,
    supervisedField: supervised.index,
    oneClass: oneClass.score,
    oneClassField: oneClass.index,
    supervisedEvidence,
    oneClassEvidence,
    evidence: together(artifact.flags, supervisedEvidence, oneClassEvidence),
    fields: fields.length,
  };
}

/** Linear between knots, level outside. */
export function alongCurve(curve: readonly EvidenceKnot[], score: number): number {
  const above = curve.findIndex((knot) => knot.score > score);
  if (above === 0) return curve[0]!.evidence;
  if (above < 0) return curve.at(-1)!.evidence;
  const low = curve[above - 1]!;
  const high = curve[above]!;
  const part = (score - low.score) * (high.evidence - low.evidence);
  return low.evidence + Math.trunc(part / (high.score - low.score));
}

function together(flags: number, supervised: number, oneClass: number): number {
  if (flags === CONTENT_HAS_SUPERVISED) return supervised;
  if (flags === CONTENT_HAS_ONE_CLASS) return oneClass;
  return Math.max(0, Math.max(supervised, oneClass) - CONTENT_TWO_TABLES_EVIDENCE);
}
