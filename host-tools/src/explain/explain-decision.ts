// Replays traffic through the release filter up to one request, and tells why it was decided so. The
// verdict is the filter's own; the reasons are the twins', run over the same past. Both give the
// score, and where they differ that is said.

import type { PluginConfig } from "../config/plugin-config";
import type { ContentArtifact } from "../content/content-artifact";
import { evidenceOfPermille } from "../model-card/calibration-curve";
import { DEFAULT_HALF_LIVES, extractFeatures } from "../model/feature-extractor";
import type { ScorerArtifact } from "../model/scorer-artifact";
import type { TrafficRequest } from "../model/traffic";
import type { RecordedRequest } from "../replay/recorded-request";
import { replayTraffic } from "../replay/replay";
import type { ReplayVerdict } from "../replay/replay-verdict";
import { explainContent } from "./content-layer";
import type { DecisionExplanation, ExplainedLayer } from "./decision-explanation";
import { decisionSentence } from "./decision-sentence";
import { findRequest } from "./find-request";
import { asTraffic } from "./route-history";
import { routeIndex } from "./route-match";
import { explainSequence } from "./sequence-layer";
import { explainStatistics } from "./statistics-layer";

export interface ExplainInput {
  /** In order of time. */
  readonly requests: readonly RecordedRequest[];
  /** Which request (find-request.ts); undefined for the one that scored highest. */
  readonly which: string | undefined;
  /** The release module. */
  readonly wasm: Uint8Array;
  readonly pluginConfig: string;
  /** The sequence model of the configuration; undefined where it has none. */
  readonly sequence: ScorerArtifact | undefined;
  /** Score from which a request is an anomaly; 0 without a model. */
  readonly thresholdPermille: number;
  /** The content model; undefined where there is none. */
  readonly content: ContentArtifact | undefined;
  readonly seed: number;
}

/** @throws GanglionError E_EXPLAIN_REQUEST, E_FILTER_REFUSED */
export function explainDecision(input: ExplainInput): DecisionExplanation {
  const { requests, which } = input;
  const chosen = which === undefined ? undefined : findRequest(requests, which);
  const past = chosen === undefined ? requests : requests.slice(0, chosen + 1);
  const verdicts: ReplayVerdict[] = [];
  const { wasm, pluginConfig, seed } = input;
  replayTraffic(past, { wasm, pluginConfig, seed }, (_request, verdict) => verdicts.push(verdict));
  const index = chosen ?? highest(verdicts);
  return explainRequest(input, verdicts.slice(0, index + 1));
}

/** The first of the highest scores. */
function highest(verdicts: readonly ReplayVerdict[]): number {
  return verdicts.reduce(
    (best, { scorePermille }, i) => (scorePermille > verdicts[best]!.scorePermille ? i : best),
    0,
  );
}

function explainRequest(
  input: ExplainInput,
  verdicts: readonly ReplayVerdict[],
): DecisionExplanation {
  const { requests, sequence } = input;
  const config = JSON.parse(input.pluginConfig) as PluginConfig;
  const index = verdicts.length - 1;
  const request = requests[index]!;
  const verdict = verdicts[index]!;
  const own = routeIndex(config, request.headers);
  const route = config.routes?.[own]?.name ?? "";
  const history = own < 0 ? [] : routeHistory(requests, verdicts, config, own, route);
  const layers: ExplainedLayer[] = [];
  let agreement = "the filter gave no score: it has no model, or no route matches";
  if (history.length > 0) layers.push(explainStatistics(history));
  if (sequence !== undefined && history.length > 0) {
    const explained = explainSequence(sequence, vectorsOf(history, config));
    layers.push(explained.layer);
    agreement = agreementOf(explained.scorePermille, verdict.scorePermille);
  }
  const target = request.headers.get(":path") ?? "";
  if (input.content !== undefined) layers.push(explainContent(input.content, target));
  const { scorePermille, arm, answered } = verdict;
  const threshold = input.thresholdPermille;
  const explanation: DecisionExplanation = {
    request: {
      number: index + 1,
      at_ms: request.atMs,
      method: request.headers.get(":method") ?? "",
      path: target,
      route,
      route_requests: history.length,
    },
    decision: {
      verdict: verdict.verdict,
      reason: verdict.reason,
      enforced: verdict.isEnforced,
      score_permille: scorePermille < 0 ? null : scorePermille,
      arm: arm === "" ? null : arm,
      answered: answered === 0 ? null : answered,
    },
    model: {
      name: sequence?.name ?? "",
      version: sequence?.modelVersion ?? 0,
      threshold_permille: threshold,
      threshold_evidence: evidenceOfPermille(threshold),
    },
    layers,
    agreement,
    sentence: "",
  };
  return { ...explanation, sentence: decisionSentence(explanation) };
}

function routeHistory(
  requests: readonly RecordedRequest[],
  verdicts: readonly ReplayVerdict[],
  config: PluginConfig,
  index: number,
  route: string,
): TrafficRequest[] {
  return verdicts.flatMap((verdict, i) => {
    const request = requests[i]!;
    return routeIndex(config, request.headers) === index
      ? [asTraffic(request, verdict, route)]
      : [];
  });
}

function vectorsOf(history: readonly TrafficRequest[], config: PluginConfig): Float32Array {
  const [sequence] = extractFeatures(history, {
    fastMs: config.fast_half_life_ms ?? DEFAULT_HALF_LIVES.fastMs,
    slowMs: config.slow_half_life_ms ?? DEFAULT_HALF_LIVES.slowMs,
  });
  return sequence!.vectors;
}

function agreementOf(ours: number, filters: number): string {
  if (ours === filters) return "exact: the filter and its twin give the same score";
  return (
    `approximate: the filter gave ${filters} permille and its twin ${ours}; they part where the ` +
    "filter refused requests of this route in shadow mode, or shed them"
  );
}
