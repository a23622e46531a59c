// How a user says what a model's columns are: features by name, outputs by name and kind.
//
//   inputs    log_inter_arrival,log_in_flight,...
//   outputs   NAME            the feature's next value
//             NAME:change     its change from this vector to the next
//             NAME:q0.9       the quantile of the next value (NAME:change:q0.9: of the change)
//             NAME:logit      the probability that a feature from 0 to 1 is 1

import { FEATURES, featureName } from "../contract";
import { ExitCode, GanglionError } from "../lib/errors";

export interface OutputMeaning {
  readonly feature: number;
  readonly carry: boolean;
  /** undefined for a value. */
  readonly kind: "value" | "quantile" | "logit";
  /** Level of a quantile. */
  readonly tau: number;
}

const NAMES: readonly string[] = Array.from({ length: FEATURES }, (_, i) => featureName(i));

/** Features from 0 to 1, of which a logit makes sense. */
const SHARE = /^(error|failed|limited|client_error|retry|method|path_novelty)/;

function refuse(text: string, problem: string): GanglionError {
  return new GanglionError("E_ONNX_FEATURE", `"${text}" ${problem}`, {
    hint: `Features are ${NAMES.join(", ")}.`,
    exitCode: ExitCode.usage,
  });
}

/** @throws GanglionError E_ONNX_FEATURE naming a feature that does not exist or comes twice */
export function parseInputs(text: string): number[] {
  const features = text.split(",").map((name) => featureOf(name.trim(), name.trim()));
  const twice = features.find((feature, i) => features.indexOf(feature) !== i);
  if (twice !== undefined) throw refuse(NAMES[twice]!, "is there twice");
  return features;
}

/** @throws GanglionError E_ONNX_FEATURE */
export function parseOutputs(text: string): OutputMeaning[] {
  return text.split(",").map((part) => parseOutput(part.trim()));
}

function parseOutput(text: string): OutputMeaning {
  const [name = "", ...marks] = text.split(":");
  const feature = featureOf(name, text);
  let meaning: OutputMeaning = { feature, carry: false, kind: "value", tau: 0 };
  for (const mark of marks) {
    if (mark === "change") meaning = { ...meaning, carry: true };
    else if (mark === "logit") {
      if (!SHARE.test(name)) throw refuse(text, "is a logit of a feature that is no share");
      meaning = { ...meaning, kind: "logit" };
    } else if (/^q0?\.\d+$/.test(mark)) {
      meaning = { ...meaning, kind: "quantile", tau: Number(mark.slice(1)) };
    } else throw refuse(text, `has the mark "${mark}"; known: change, q0.9 and the like, logit`);
  }
  if (meaning.kind === "logit" && meaning.carry) throw refuse(text, "is a logit of a change");
  if (meaning.kind === "quantile" && meaning.tau === 0) throw refuse(text, "has the level 0");
  return meaning;
}

function featureOf(name: string, text: string): number {
  const feature = NAMES.indexOf(name);
  if (feature < 0) throw refuse(text, "names no feature");
  return feature;
}

/** As parseOutput reads it. */
export function outputText({ feature, carry, kind, tau }: OutputMeaning): string {
  const mark = kind === "logit" ? ":logit" : kind === "quantile" ? `:q${tau}` : "";
  return `${featureName(feature)}${carry ? ":change" : ""}${mark}`;
}
