// What a card says of a training: its recipe and its losses.

import type { BuildOptions, BuiltModel } from "../training/build-model";
import type { CardFacts } from "./model-card";

export function trainingFacts(
  { architecture, hidden, steps, seed }: BuildOptions,
  { outcome }: BuiltModel,
): Pick<CardFacts, "recipe" | "loss"> {
  const common = { architecture, hidden, seed };
  if (outcome === undefined) return { recipe: { ...common, fitted_by: "principal components" } };
  const round = (loss: number) => Number(loss.toPrecision(5));
  return {
    recipe: {
      ...common,
      optimiser: "Adam, the last phase with rounded weights",
      steps_at_most: steps,
      steps_taken: outcome.stepsTaken,
      kept_step: outcome.bestStep,
    },
    loss: { training: round(outcome.loss), validation: round(outcome.validationLoss) },
  };
}
