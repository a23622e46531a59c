// What each layer alone says of every request of a run, by the filter's own code in Wasm. Layers do
// not see each other, so their columns can be put together afterwards in any combination.

import { ArtifactStatus, FEATURES, artifactStatusName } from "../contract";
import type { ContentLab } from "../content/content-lab";
import type { SuiteRun } from "../faults/suite-run";
import { GanglionError } from "../lib/errors";
import { extractFeatures } from "../model/feature-extractor";
import type { ModelLab } from "../model/model-lab";
import type { TrafficRequest } from "../model/traffic";
import type { StatisticsLab } from "../statistics/statistics-lab";
import { type KeyTraffic, SUITE_WALL_OFFSET_MS } from "./suite-traffic";

/** Evidence of one layer, Q8, one a request of the run. */
export type EvidenceColumn = Uint16Array;

/** The filter's tick, on which windows close too. */
const TICK_MS = 100;

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

/** The streaming statistics, one monitor a key: what the last closed window said. */
export function statisticsEvidence(
  run: SuiteRun,
  keys: readonly KeyTraffic[],
  lab: StatisticsLab,
): EvidenceColumn {
  const column = new Uint16Array(run.scenario.requests.length);
  lab.wasm.setWallClock(SUITE_WALL_OFFSET_MS);
  for (const { requests, indexes } of keys) {
    const monitor = lab.fresh();
    let tickMs = Math.floor((requests[0]?.arrivalMs ?? 0) / TICK_MS) * TICK_MS;
    for (const { atMs, index, isEnd } of eventsOf(requests)) {
      for (; tickMs + TICK_MS <= atMs; tickMs += TICK_MS) {
        lab.wasm.monitorTick(monitor, tickMs + TICK_MS);
      }
      const { contentBytes, attempt, latencyMs, ttfbMs, status } = requests[index]!;
      if (isEnd) lab.wasm.onFinish(monitor, atMs, latencyMs, ttfbMs, status);
      else {
        lab.wasm.onArrival(monitor, atMs, contentBytes, attempt ?? 1);
        column[indexes[index]!] = lab.wasm.monitorEvidenceQ8(monitor);
      }
    }
  }
  return column;
}

interface RequestEvent {
  readonly atMs: number;
  readonly index: number;
  readonly isEnd: boolean;
}

/** Arrivals and ends in order of time; of one moment by request. */
function eventsOf(requests: readonly TrafficRequest[]): RequestEvent[] {
  const events = requests.flatMap(({ arrivalMs, latencyMs, ttfbMs }, index): RequestEvent[] => [
    { atMs: arrivalMs, index, isEnd: false },
    { atMs: arrivalMs + Math.max(latencyMs, ttfbMs), index, isEnd: true },
  ]);
  return events.sort((a, b) => a.atMs - b.atMs || a.index - b.index || +a.isEnd - +b.isEnd);
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
