// What each layer alone says of every request of a run, by the filter's own code in Wasm. Layers do
// not see each other, so their columns can be put together afterwards in any combination. The
// statistics are those that the release filter told in the run.

import { ArtifactStatus, FEATURES, artifactStatusName } from "../contract";
import type { ContentLab } from "../content/content-lab";
import type { SuiteRun } from "../faults/suite-run";
import { GanglionError } from "../lib/errors";
import { extractFeatures } from "../model/feature-extractor";
import type { ModelLab } from "../model/model-lab";
import type { KeyTraffic } from "./suite-traffic";

/** Evidence of one layer, Q8, one a request of the run. */
export type EvidenceColumn = Uint16Array;

/** Raw features of every key's requests, FEATURES each. */
export function featuresByKey(keys: readonly KeyTraffic[]): Float32Array[] {
  return keys.map(({ requests }) => extractFeatures(requests)[0]?.vectors ?? new Float32Array(0));
}

/**
 * The sequence model, one state a key.
 * @param vectors of each key, as featuresByKey gives them
 * @throws GanglionError E_EVALUATION_ARTIFACT when the scorer refuses the artifact
 */
export function sequenceEvidence(
  run: SuiteRun,
  keys: readonly KeyTraffic[],
  vectors: readonly Float32Array[],
  lab: ModelLab,
  artifact: Uint8Array,
): EvidenceColumn {
  accept("the scorer", lab.load(artifact));
  const column = new Uint16Array(run.scenario.requests.length);
  keys.forEach(({ indexes }, key) => {
    const { evidences } = lab.run(lab.freshState(0), vectors[key]!, FEATURES);
    indexes.forEach((index, i) => (column[index] = evidences[i]!));
  });
  return column;
}

/** The streaming statistics, as the filter told them; 0 where it told none. */
export function statisticsEvidence({ evidence }: SuiteRun): EvidenceColumn {
  return Uint16Array.from(evidence.statistics, (one) => (Number.isNaN(one) ? 0 : one));
}

/**
 * The content scorer on path and query.
 * @throws GanglionError E_EVALUATION_ARTIFACT when the scorer refuses the artifact
 */
export function contentEvidence(
  run: SuiteRun,
  lab: ContentLab,
  artifact: Uint8Array,
): EvidenceColumn {
  accept("the content scorer", lab.load(artifact));
  const known = new Map<string, number>();
  return Uint16Array.from(run.scenario.requests, ({ path }) => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const { evidence } = lab.score(Buffer.from(path, "latin1"));
    known.set(path, evidence);
    return evidence;
  });
}

function accept(who: string, status: ArtifactStatus): void {
  if (status === ArtifactStatus.Ok) return;
  const reason = artifactStatusName(status);
  throw new GanglionError("E_EVALUATION_ARTIFACT", `${who} refuses an artifact: ${reason}`, {
    hint: "Build tool and modules anew with npm run build.",
  });
}
