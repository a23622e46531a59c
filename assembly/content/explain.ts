// Which pieces of a target made its score, for `explain` and for tests; the request path does not
// call it. The last target must have been scored just before, since its fields are still in place.

import { ContentModel } from "./content-model";
import { fieldBegin, fieldEnd, originOf } from "./fields";
import { weightAt } from "./score";

/** Pieces that are told. */
export const CONTENT_PIECES_MAX: i32 = 4;

/** One n-gram's end: where in the target, and what it added. */
// @ts-ignore: decorator
@unmanaged
@final
export class ContentPiece {
  /** Offset in the target of the byte at which the piece ends. */
  at: i32;
  /** Sum of the weights of the one, two and three bytes that end there. */
  weight: i32;
}

const PIECE_BYTES: usize = offsetof<ContentPiece>();

/**
 * The heaviest pieces of a field of the last scored target, heaviest first, the earlier of equals.
 *
 * @param oneClass by the one-class table instead of the supervised one
 * @param pieces room for CONTENT_PIECES_MAX pieces
 * @returns how many were found: those with a positive weight
 */
export function topPieces(model: ContentModel, field: i32, oneClass: bool, pieces: usize): i32 {
  const begin = fieldBegin(field);
  const end = fieldEnd(field);
  let found = 0;
  for (let at = begin; at < end; at++) {
    const weight = weightAt(model, begin, at, oneClass);
    if (weight > 0) found = insert(pieces, found, originOf(at), weight);
  }
  return found;
}

/** Keeps the list in order; the lightest falls off its end. */
function insert(pieces: usize, found: i32, at: i32, weight: i32): i32 {
  let place = found;
  while (place > 0 && pieceOf(pieces, place - 1).weight < weight) {
    if (place < CONTENT_PIECES_MAX) {
      pieceOf(pieces, place).at = pieceOf(pieces, place - 1).at;
      pieceOf(pieces, place).weight = pieceOf(pieces, place - 1).weight;
    }
    place--;
  }
  if (place == CONTENT_PIECES_MAX) return found;
  pieceOf(pieces, place).at = at;
  pieceOf(pieces, place).weight = weight;
  return min(found + 1, CONTENT_PIECES_MAX);
}

function pieceOf(pieces: usize, index: i32): ContentPiece {
  return changetype<ContentPiece>(pieces + <usize>index * PIECE_BYTES);
}
