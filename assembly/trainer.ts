// Entry of the training module: the arithmetic of a training step on f32 arrays, for the host tool.
// Not part of the filter; nothing here runs in a proxy. The host lays out the memory above heapBase
// and gives addresses; nothing here allocates, and every sum has one order, so that the same calls
// give the same bytes on every machine. The twin in TypeScript is kernels-reference.ts.

import { adamStep, sumOfSquares } from "./training/adam";
import { attentionBackward, attentionForward } from "./training/band-attention";
import { gruBackward, gruForward } from "./training/gru-cell";
import { lossAndDerivative } from "./training/loss";
import { lstmBackward, lstmForward } from "./training/lstm-cell";
import { product, productOfTransposed, transpose } from "./training/product";
import { addInto, addRow, addRowSums } from "./training/rows";

export {
  adamStep,
  addInto,
  addRow,
  addRowSums,
  attentionBackward,
  attentionForward,
  gruBackward,
  gruForward,
  lossAndDerivative,
  lstmBackward,
  lstmForward,
  product,
  productOfTransposed,
  sumOfSquares,
  transpose,
};

/** First byte that is the host's to use. */
export function heapBase(): usize {
  return __heap_base;
}
