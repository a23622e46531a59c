// A content artifact as values, and its bytes. The places come from contract/content-artifact.ts,
// which draws the layout. Reading checks as the filter does, but says which field is wrong.

import {
  ARTIFACT_MAGIC,
  ArtifactStatus,
  CONTENT_AT_ATTACK_SCORE,
  CONTENT_AT_ENTRIES,
  CONTENT_AT_FLAGS,
  CONTENT_AT_FORMAT,
  CONTENT_AT_KIND,
  CONTENT_AT_MAGIC,
  CONTENT_AT_MODEL_VERSION,
  CONTENT_AT_NAME,
  CONTENT_AT_ONE_CLASS_BIAS,
  CONTENT_AT_ONE_CLASS_KNOTS,
  CONTENT_AT_RULE,
  CONTENT_AT_SELF_TESTS,
  CONTENT_AT_SUPERVISED_BIAS,
  CONTENT_AT_SUPERVISED_KNOTS,
  CONTENT_AT_TOTAL_BYTES,
  CONTENT_AT_TRAINING_EXAMPLES,
  CONTENT_AT_TRAINING_SEED,
  CONTENT_FORMAT,
  CONTENT_HEADER_BYTES,
  CONTENT_KIND,
  CONTENT_KNOTS_MAX,
  CONTENT_RULE,
  CONTENT_SELF_TEST_BYTES,
  artifactStatusName,
  contentArtifactBytes,
  contentKnotsOffset,
  contentSelfTestOffset,
} from "../contract";
import { ExitCode, GanglionError } from "../lib/errors";
import { findContentFault } from "./content-check";

/** A point of a calibration curve. */
export interface EvidenceKnot {
  readonly score: number;
  /** Q8, -log10 of the share of healthy targets with at least that score. */
  readonly evidence: number;
}

/** A target and what the artifact must make of it. */
export interface ContentSelfTest {
  readonly target: Uint8Array;
  readonly supervised: number;
  readonly oneClass: number;
  readonly evidence: number;
}

/** One of the two tables with what turns its sums into evidence. */
export interface ContentTable {
  /** int8, one per entry. */
  readonly weights: Int8Array;
  readonly bias: number;
  readonly curve: readonly EvidenceKnot[];
}

export interface ContentArtifact {
  readonly name: string;
  readonly modelVersion: number;
  readonly supervised: ContentTable;
  readonly oneClass: ContentTable;
  /** CONTENT_HAS_SUPERVISED and CONTENT_HAS_ONE_CLASS. */
  readonly flags: number;
  /** Supervised score at and above which a target is called an attack. */
  readonly attackScore: number;
  readonly trainingSeed: number;
  readonly trainingExamples: number;
  readonly selfTests: readonly ContentSelfTest[];
}

/** @returns the file's bytes */
export function encodeContent(artifact: ContentArtifact): Uint8Array {
  const { supervised, oneClass, selfTests } = artifact;
  const entries = supervised.weights.length;
  const bytes = new Uint8Array(contentArtifactBytes(entries, selfTests.length));
  const view = new DataView(bytes.buffer);
  const put = (at: number, value: number) => view.setUint32(at, value >>> 0, true);
  put(CONTENT_AT_MAGIC, ARTIFACT_MAGIC);
  put(CONTENT_AT_FORMAT, CONTENT_FORMAT);
  put(CONTENT_AT_KIND, CONTENT_KIND);
  put(CONTENT_AT_ENTRIES, entries);
  put(CONTENT_AT_TOTAL_BYTES, bytes.length);
  put(CONTENT_AT_MODEL_VERSION, artifact.modelVersion);
  put(CONTENT_AT_RULE, CONTENT_RULE);
  put(CONTENT_AT_SUPERVISED_KNOTS, supervised.curve.length);
  put(CONTENT_AT_ONE_CLASS_KNOTS, oneClass.curve.length);
  put(CONTENT_AT_SELF_TESTS, selfTests.length);
  put(CONTENT_AT_SUPERVISED_BIAS, supervised.bias);
  put(CONTENT_AT_ONE_CLASS_BIAS, oneClass.bias);
  put(CONTENT_AT_ATTACK_SCORE, artifact.attackScore);
  put(CONTENT_AT_FLAGS, artifact.flags);
  put(CONTENT_AT_TRAINING_SEED, artifact.trainingSeed);
  put(CONTENT_AT_TRAINING_EXAMPLES, artifact.trainingExamples);
  bytes.set(new TextEncoder().encode(artifact.name).subarray(0, 32), CONTENT_AT_NAME);
  for (let entry = 0; entry < entries; entry++) {
    view.setInt8(CONTENT_HEADER_BYTES + 2 * entry, supervised.weights[entry]!);
    view.setInt8(CONTENT_HEADER_BYTES + 2 * entry + 1, oneClass.weights[entry]!);
  }
  [supervised.curve, oneClass.curve].forEach((curve, table) =>
    curve.forEach((knot, i) => {
      const at = contentKnotsOffset(entries) + 8 * (table * CONTENT_KNOTS_MAX + i);
      put(at, knot.score);
      put(at + 4, knot.evidence);
    }),
  );
  selfTests.forEach((test, i) => {
    const at = contentSelfTestOffset(entries) + i * CONTENT_SELF_TEST_BYTES;
    put(at, test.target.length);
    put(at + 4, test.supervised);
    put(at + 8, test.oneClass);
    put(at + 12, test.evidence);
    bytes.set(test.target, at + 16);
  });
  return bytes;
}

/**
 * Reads an artifact; does not run its self-test.
 * @throws GanglionError E_ARTIFACT_... naming the field, its value and the bound
 */
export function decodeContent(bytes: Uint8Array): ContentArtifact {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fault = findContentFault(view);
  if (fault !== undefined) {
    const name = artifactStatusName(fault.status).toUpperCase();
    throw new GanglionError(`E_ARTIFACT_${name}`, fault.message, { exitCode: ExitCode.badInput });
  }
  const get = (at: number) => view.getInt32(at, true);
  const entries = get(CONTENT_AT_ENTRIES);
  const table = (index: number, knots: number, bias: number): ContentTable => ({
    weights: Int8Array.from({ length: entries }, (_, entry) =>
      view.getInt8(CONTENT_HEADER_BYTES + 2 * entry + index),
    ),
    bias: get(bias),
    curve: Array.from({ length: get(knots) }, (_, i) => {
      const at = contentKnotsOffset(entries) + 8 * (index * CONTENT_KNOTS_MAX + i);
      return { score: get(at), evidence: get(at + 4) };
    }),
  });
  const name = bytes.subarray(CONTENT_AT_NAME, CONTENT_AT_NAME + 32);
  return {
    name: new TextDecoder().decode(name).replace(/\0+$/, ""),
    modelVersion: get(CONTENT_AT_MODEL_VERSION) >>> 0,
    supervised: table(0, CONTENT_AT_SUPERVISED_KNOTS, CONTENT_AT_SUPERVISED_BIAS),
    oneClass: table(1, CONTENT_AT_ONE_CLASS_KNOTS, CONTENT_AT_ONE_CLASS_BIAS),
    flags: get(CONTENT_AT_FLAGS),
    attackScore: get(CONTENT_AT_ATTACK_SCORE),
    trainingSeed: get(CONTENT_AT_TRAINING_SEED) >>> 0,
    trainingExamples: get(CONTENT_AT_TRAINING_EXAMPLES) >>> 0,
    selfTests: Array.from({ length: get(CONTENT_AT_SELF_TESTS) }, (_, i) => {
      const at = contentSelfTestOffset(entries) + i * CONTENT_SELF_TEST_BYTES;
      return {
        target: bytes.slice(at + 16, at + 16 + get(at)),
        supervised: get(at + 4),
        oneClass: get(at + 8),
        evidence: get(at + 12),
      };
    }),
  };
}
