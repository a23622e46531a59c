// The filter's checks of a content artifact, made again on the host so that a refusal can name the
// field, the value and the bound. The statuses are the same, which a test holds over mutations.

import {
  ARTIFACT_MAGIC,
  ArtifactStatus,
  CONTENT_AT_ATTACK_SCORE,
  CONTENT_AT_ENTRIES,
  CONTENT_AT_FLAGS,
  CONTENT_AT_FORMAT,
  CONTENT_AT_KIND,
  CONTENT_AT_MAGIC,
  CONTENT_AT_NAME,
  CONTENT_AT_ONE_CLASS_BIAS,
  CONTENT_AT_ONE_CLASS_KNOTS,
  CONTENT_AT_RESERVED_HIGH,
  CONTENT_AT_RESERVED_LOW,
  CONTENT_AT_RULE,
  CONTENT_AT_SELF_TESTS,
  CONTENT_AT_SUPERVISED_BIAS,
  CONTENT_AT_SUPERVISED_KNOTS,
  CONTENT_AT_TOTAL_BYTES,
  CONTENT_ENTRIES_MAX,
  CONTENT_ENTRIES_MIN,
  CONTENT_FORMAT,
  CONTENT_HAS_ONE_CLASS,
  CONTENT_HAS_SUPERVISED,
  CONTENT_HEADER_BYTES,
  CONTENT_KIND,
  CONTENT_KNOTS_MAX,
  CONTENT_KNOTS_MIN,
  CONTENT_RULE,
  CONTENT_SCORE_MAX,
  CONTENT_SELF_TESTS_MAX,
  CONTENT_SELF_TESTS_MIN,
  CONTENT_SELF_TEST_BYTES,
  CONTENT_SELF_TEST_TARGET_BYTES,
  EVIDENCE_MAX,
  contentArtifactBytes,
  contentKnotsOffset,
  contentSelfTestOffset,
} from "../contract";

export interface ContentFault {
  readonly status: ArtifactStatus;
  /** Field, value and bound. */
  readonly message: string;
}

/** A header field, where it stands, its bounds, and what it means when it is outside. */
type Bound = readonly [field: string, at: number, low: number, high: number, ArtifactStatus];

const IDENTITY: readonly Bound[] = [
  ["magic", CONTENT_AT_MAGIC, ARTIFACT_MAGIC, ARTIFACT_MAGIC, ArtifactStatus.BadMagic],
  ["format", CONTENT_AT_FORMAT, CONTENT_FORMAT, CONTENT_FORMAT, ArtifactStatus.BadFormat],
  ["kind", CONTENT_AT_KIND, CONTENT_KIND, CONTENT_KIND, ArtifactStatus.BadKind],
  [
    "rule of the text",
    CONTENT_AT_RULE,
    CONTENT_RULE,
    CONTENT_RULE,
    ArtifactStatus.BadFeatureSchema,
  ],
  [
    "entries",
    CONTENT_AT_ENTRIES,
    CONTENT_ENTRIES_MIN,
    CONTENT_ENTRIES_MAX,
    ArtifactStatus.BadShape,
  ],
  [
    "self-test records",
    CONTENT_AT_SELF_TESTS,
    CONTENT_SELF_TESTS_MIN,
    CONTENT_SELF_TESTS_MAX,
    ArtifactStatus.BadShape,
  ],
];

const score = (field: string, at: number): Bound => [
  field,
  at,
  -CONTENT_SCORE_MAX,
  CONTENT_SCORE_MAX,
  ArtifactStatus.BadHeader,
];
const knots = (field: string, at: number): Bound => [
  field,
  at,
  CONTENT_KNOTS_MIN,
  CONTENT_KNOTS_MAX,
  ArtifactStatus.BadHeader,
];

const HEADER: readonly Bound[] = [
  [
    "flags",
    CONTENT_AT_FLAGS,
    1,
    CONTENT_HAS_SUPERVISED | CONTENT_HAS_ONE_CLASS,
    ArtifactStatus.BadHeader,
  ],
  knots("knots of the supervised score", CONTENT_AT_SUPERVISED_KNOTS),
  knots("knots of the one-class score", CONTENT_AT_ONE_CLASS_KNOTS),
  score("supervised bias", CONTENT_AT_SUPERVISED_BIAS),
  score("one-class bias", CONTENT_AT_ONE_CLASS_BIAS),
  score("attack score", CONTENT_AT_ATTACK_SCORE),
];

/** @returns what is wrong with the bytes, undefined when nothing is */
export function findContentFault(view: DataView): ContentFault | undefined {
  const length = view.byteLength;
  if (length < CONTENT_HEADER_BYTES) {
    const message = `the artifact has ${length} bytes, its header ${CONTENT_HEADER_BYTES}`;
    return { status: ArtifactStatus.TooShort, message };
  }
  return (
    outOfBounds(view, IDENTITY) ??
    lengthFault(view) ??
    outOfBounds(view, HEADER) ??
    nameFault(view) ??
    curveFault(view, 0, CONTENT_AT_SUPERVISED_KNOTS) ??
    curveFault(view, 1, CONTENT_AT_ONE_CLASS_KNOTS) ??
    paddingFault(view)
  );
}

function outOfBounds(view: DataView, bounds: readonly Bound[]): ContentFault | undefined {
  for (const [field, at, low, high, status] of bounds) {
    const value = view.getInt32(at, true);
    if (value >= low && value <= high) continue;
    const wanted = low === high ? `${low}` : `${low} to ${high}`;
    return { status, message: `${field} is ${value}, must be ${wanted}` };
  }
  return undefined;
}

function lengthFault(view: DataView): ContentFault | undefined {
  const entries = view.getInt32(CONTENT_AT_ENTRIES, true);
  if ((entries & (entries - 1)) !== 0) {
    const message = `entries is ${entries}, must be a power of two`;
    return { status: ArtifactStatus.BadShape, message };
  }
  const wanted = contentArtifactBytes(entries, view.getInt32(CONTENT_AT_SELF_TESTS, true));
  const said = view.getInt32(CONTENT_AT_TOTAL_BYTES, true);
  if (view.byteLength === wanted && said === wanted) return undefined;
  const message = `the artifact has ${view.byteLength} bytes and says ${said}, must be ${wanted}`;
  return { status: ArtifactStatus.BadLength, message };
}

function nameFault(view: DataView): ContentFault | undefined {
  const name = Array.from({ length: CONTENT_AT_RESERVED_HIGH - CONTENT_AT_NAME }, (_, i) =>
    String.fromCharCode(view.getUint8(CONTENT_AT_NAME + i)),
  ).join("");
  if (/^[!-~]*\0*$/.test(name)) return undefined;
  return { status: ArtifactStatus.BadHeader, message: "name must be printable ASCII" };
}

function curveFault(view: DataView, table: number, knotsAt: number): ContentFault | undefined {
  const used = view.getInt32(knotsAt, true);
  const begin =
    contentKnotsOffset(view.getInt32(CONTENT_AT_ENTRIES, true)) + 8 * CONTENT_KNOTS_MAX * table;
  const status = ArtifactStatus.BadQuantiles;
  let low = -CONTENT_SCORE_MAX;
  let least = 0;
  for (let knot = 0; knot < CONTENT_KNOTS_MAX; knot++) {
    const at = view.getInt32(begin + 8 * knot, true);
    const evidence = view.getInt32(begin + 8 * knot + 4, true);
    if (knot >= used) {
      if ((at | evidence) === 0) continue;
      return { status, message: `unused knot ${knot} must be zero` };
    }
    if (at < low || at > CONTENT_SCORE_MAX) {
      return { status, message: `score of knot ${knot} is ${at}, must be at least ${low}` };
    }
    if (evidence < least || evidence > EVIDENCE_MAX) {
      const bound = `${least} to ${EVIDENCE_MAX}`;
      return { status, message: `evidence of knot ${knot} is ${evidence}, must be ${bound}` };
    }
    low = at + 1;
    least = evidence;
  }
  return undefined;
}

function paddingFault(view: DataView): ContentFault | undefined {
  const status = ArtifactStatus.BadPadding;
  const zero = (from: number, to: number) => {
    for (let at = from; at < to; at++) if (view.getUint8(at) !== 0) return false;
    return true;
  };
  if (
    !zero(CONTENT_AT_RESERVED_LOW, CONTENT_AT_NAME) ||
    !zero(CONTENT_AT_RESERVED_HIGH, CONTENT_HEADER_BYTES)
  ) {
    return { status, message: "reserved bytes of the header must be zero" };
  }
  const begin = contentSelfTestOffset(view.getInt32(CONTENT_AT_ENTRIES, true));
  const records = view.getInt32(CONTENT_AT_SELF_TESTS, true);
  for (let record = 0; record < records; record++) {
    const at = begin + record * CONTENT_SELF_TEST_BYTES;
    const bytes = view.getInt32(at, true);
    if (bytes < 1 || bytes > CONTENT_SELF_TEST_TARGET_BYTES) {
      const message = `self-test ${record} has ${bytes} bytes, must be 1 to 112`;
      return { status, message };
    }
    if (!zero(at + 16 + bytes, at + CONTENT_SELF_TEST_BYTES)) {
      return { status, message: `bytes after the target of self-test ${record} must be zero` };
    }
  }
  return undefined;
}
