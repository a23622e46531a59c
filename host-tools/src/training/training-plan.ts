// What all threads of one training have to know; plain data, so that a thread can be given it.

import type { FloatOutput } from "../model/float-model";
import { GruNetwork } from "./gru-network";
import { Head } from "./head";
import type { TrainingKernels } from "./kernels";
import { LstmNetwork } from "./lstm-network";
import type { Trainable, WindowShape } from "./trainable";
import { TransformerNetwork } from "./transformer-network";

/** Networks that are fitted by gradient. */
export type SequenceArchitecture = "gru" | "lstm" | "transformer";

export interface TrainingPlan {
  readonly architecture: SequenceArchitecture;
  /** Columns of a vector, a multiple of 8. */
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: readonly FloatOutput[];
  /** Factor on each output's target: the loss weighs outputs alike. Logits have 1. */
  readonly targetScales: readonly number[];
  /** Windows of a shard, and their steps. */
  readonly shape: WindowShape;
  /** Steps at the start of a window that only warm the state up. */
  readonly burnIn: number;
}

export interface Network {
  readonly body: Trainable;
  readonly head: Head;
  /** Of body and head; the head's come after the body's. */
  readonly parameterCount: number;
}

export function buildNetwork(kernels: TrainingKernels, plan: TrainingPlan): Network {
  const { architecture, inputs, hidden, outputs, shape } = plan;
  const kinds = { gru: GruNetwork, lstm: LstmNetwork, transformer: TransformerNetwork } as const;
  const body = new kinds[architecture](kernels, inputs, hidden, shape);
  const head = new Head(kernels, inputs, hidden, outputs, shape);
  return { body, head, parameterCount: body.parameterCount + head.parameterCount };
}

/** Room in f32 that a network of the plan, its batch and its optimiser take at most. */
export function workspaceFloats({ inputs, hidden, outputs, shape }: TrainingPlan): number {
  const rows = shape.steps * shape.windows;
  const weights = (inputs + hidden + 8) * (10 * hidden + outputs.length + 8);
  return rows * (2 * inputs + 24 * hidden + 4 * (outputs.length + 8)) + 12 * weights + 100_000;
}
