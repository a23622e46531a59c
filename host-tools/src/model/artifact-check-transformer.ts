// The checks of a Transformer's section, as the filter makes them (model/transformer-validate.ts).

import {
  ArtifactStatus,
  BIAS_MAX,
  REQUANTISE_SHIFT_MAX,
  REQUANTISE_SHIFT_MIN,
  TRANSFORMER_AT_FEED_FORWARD,
  TRANSFORMER_AT_HEADS,
  TRANSFORMER_AT_RING,
  TRANSFORMER_AT_SHIFTS,
  TRANSFORMER_HEADER_BYTES,
  TRANSFORMER_MATRICES,
  TransformerMatrix,
  transformerColumns,
  transformerMatrixOffset,
  transformerPaddedRows,
  transformerRows,
} from "../contract";
import { type ArtifactChecker, artifactRefusal } from "./artifact-checker";

/**
 * @param section its place; its shape holds and its bytes are all there
 * @throws GanglionError E_ARTIFACT_BAD_WEIGHTS
 */
export function checkTransformerSection(
  check: ArtifactChecker,
  section: number,
  inputs: number,
  hidden: number,
): void {
  const bad = ArtifactStatus.BadWeights;
  const get = (at: number) => check.view.getInt32(section + at, true);
  const heads = get(TRANSFORMER_AT_HEADS);
  const ring = get(TRANSFORMER_AT_RING);
  const feedForward = get(TRANSFORMER_AT_FEED_FORWARD);
  for (let head = 0; head < heads; head++) {
    for (let i = 0; i < ring; i++) {
      const at = section + TRANSFORMER_HEADER_BYTES + 2 * (2 * ring * head + i);
      const [first, second] = [at, at + 2 * ring].map((p) => check.view.getInt16(p, true));
      if (first === second) continue;
      throw artifactRefusal(bad, `age bias ${i} of head ${head} is ${first}, then ${second}`);
    }
  }
  for (let matrix = 0; matrix < TRANSFORMER_MATRICES; matrix++) {
    const name = TransformerMatrix[matrix]!.toLowerCase();
    const shift = section + TRANSFORMER_AT_SHIFTS + 4 * matrix;
    check.number(bad, `shift of ${name}`, shift, REQUANTISE_SHIFT_MIN, REQUANTISE_SHIFT_MAX);
    const rows = transformerRows(matrix, hidden, feedForward);
    const count = transformerPaddedRows(matrix, hidden, feedForward);
    const columns = transformerColumns(matrix, inputs, hidden, feedForward);
    const at = transformerMatrixOffset(matrix, inputs, hidden, heads, ring, feedForward);
    for (let row = 0; row < count; row++) {
      const used = row < rows ? 1 : 0;
      const place = section + at + count * columns + 4 * row;
      check.number(bad, `multiplier of ${name} row ${row}`, place, 0, used * 0x7fffffff);
      const bias = place + 4 * count;
      check.number(bad, `bias of ${name} row ${row}`, bias, -used * BIAS_MAX, used * BIAS_MAX);
    }
  }
}
