// What `ganglion inspect` says of a content artifact.

import { createHash } from "node:crypto";
import {
  CONTENT_FORMAT,
  CONTENT_HAS_ONE_CLASS,
  CONTENT_HAS_SUPERVISED,
  CONTENT_RULE,
} from "../contract";
import {
  type ContentArtifact,
  type ContentTable,
  decodeContent,
} from "../content/content-artifact";
import { scoreContent } from "../content/reference-content";

export interface ContentTableDescription {
  readonly bias: number;
  /** Scores and what they are worth, -log10 of the share of healthy targets with more. */
  readonly curve: readonly { readonly score: number; readonly evidence: number }[];
  readonly zero_pct: number;
}

export interface ContentDescription {
  readonly kind: "content";
  readonly name: string;
  readonly model_version: number;
  readonly sha256: string;
  readonly size_bytes: number;
  readonly base64_bytes: number;
  readonly format_version: number;
  /** Number of the rule by which a target becomes entries. */
  readonly rule: number;
  readonly entries: number;
  readonly training: { readonly seed: number; readonly examples: number };
  /** Supervised score at and above which a target is called an attack; null without that table. */
  readonly attack_score: number | null;
  /** null for a table that was not trained. */
  readonly supervised: ContentTableDescription | null;
  readonly one_class: ContentTableDescription | null;
  readonly self_test: { readonly steps: number; readonly passed: boolean };
}

/** @throws GanglionError E_ARTIFACT_... when it is no content artifact that the filter would take */
export function describeContent(bytes: Uint8Array): ContentDescription {
  const artifact = decodeContent(bytes);
  const { flags, supervised, oneClass } = artifact;
  const has = (flag: number) => (flags & flag) !== 0;
  return {
    kind: "content",
    name: artifact.name,
    model_version: artifact.modelVersion,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    size_bytes: bytes.length,
    base64_bytes: 4 * Math.ceil(bytes.length / 3),
    format_version: CONTENT_FORMAT,
    rule: CONTENT_RULE,
    entries: supervised.weights.length,
    training: { seed: artifact.trainingSeed, examples: artifact.trainingExamples },
    attack_score: has(CONTENT_HAS_SUPERVISED) ? artifact.attackScore : null,
    supervised: has(CONTENT_HAS_SUPERVISED) ? describeTable(supervised) : null,
    one_class: has(CONTENT_HAS_ONE_CLASS) ? describeTable(oneClass) : null,
    self_test: { steps: artifact.selfTests.length, passed: selfTestsPass(artifact) },
  };
}

function describeTable({ bias, curve, weights }: ContentTable): ContentTableDescription {
  const zeros = weights.filter((weight) => weight === 0).length;
  return {
    bias,
    curve: curve.map(({ score, evidence }) => ({ score, evidence: evidence / 256 })),
    zero_pct: Number(((100 * zeros) / weights.length).toPrecision(3)),
  };
}

/** Whether the reference gives what the artifact expects of its own targets. */
function selfTestsPass(artifact: ContentArtifact): boolean {
  return artifact.selfTests.every(({ target, supervised, oneClass, evidence }) => {
    const score = scoreContent(artifact, target);
    return (
      score.supervised === supervised && score.oneClass === oneClass && score.evidence === evidence
    );
  });
}
