// The shipped models as one artifact: what demo, replay and benches give the filter, so that every layer
// of the scorer has something to say.

import { readShippedContent, readShippedModel } from "../lib/shipped-model";
import { encodeBundle, modelVersionOf } from "./bundle";

/** @throws GanglionError E_SHIPPED_MODEL where the package is not whole */
export async function readShippedBundle(): Promise<Uint8Array> {
  const scorer = await readShippedModel();
  const members = [scorer, await readShippedContent()];
  return encodeBundle({ name: "default", modelVersion: modelVersionOf(scorer), members });
}
