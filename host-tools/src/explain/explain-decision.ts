// Replays traffic through the release filter up to one request, and tells why it was decided so. The
// verdict is the filter's own; the reasons are the twins', run over the same past. Both give the
// score, and where they differ that is said.

import type { AnomalyConfig, LayerConfig, PluginConfig } from "../config/plugin-config";
import { combineEvidence } from "../calibration/reference-share";
import type { ContentArtifact } from "../content/content-artifact";
import { LAYER_WEIGHT, Metric, SEQUENCE_WEIGHT, evidencePermille, metricName } from "../contract";
import type { EmbeddedProxy } from "../embedded/embedded-proxy";
import { encodedMetric } from "../istio/stat-tags";
import { DEFAULT_HALF_LIVES, extractFeatures } from "../model/feature-extractor";
import type { BundleModels } from "../model/bundle";
import type { TrafficRequest } from "../model/traffic";
import type { RecordedRequest } from "../replay/recorded-request";
import { replayTraffic } from "../replay/replay";
import type { ReplayVerdict } from "../replay/replay-verdict";
import { harmonicEvidence } from "../statistics/reference-monitor";
import { explainContent } from "./content-layer";
import type { DecisionExplanation, ExplainedLayer, LayerStory } from "./decision-explanation";
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
  /** What the configuration's artifact holds. */
  readonly models: BundleModels;
  /** A content model to look at paths with where the configuration has none; the filter does not. */
  readonly otherContent: ContentArtifact | undefined;
  readonly seed: number;
}

/** The request to explain, and everything that was decided before it. */
interface Replayed {
  readonly verdicts: readonly ReplayVerdict[];
  /** The route's own threshold on the last tick before the request; 0 where it has none. */
  readonly thresholdMillibans: number;
}

/** @throws GanglionError E_EXPLAIN_REQUEST, E_FILTER_REFUSED */
export function explainDecision(input: ExplainInput): DecisionExplanation {
  const { requests, which } = input;
  const index = which === undefined ? highestScore(input) : findRequest(requests, which);
  const config = JSON.parse(input.pluginConfig) as PluginConfig;
  const own = routeIndex(config, requests[index]!.headers);
  const route = config.routes?.[own]?.name ?? "";
  const replayed = replayUpTo(input, index, route);
  const history = own < 0 ? [] : routeHistory(input, replayed.verdicts, config, own);
  const anomaly = config.routes?.[own]?.anomaly ?? {};
  const target = requests[index]!.headers.get(":path") ?? "";
  const layers = history.length === 0 ? [] : layersOf(input, history, target, config, anomaly);
  // A content model that the filter does not have is no part of what it computed.
  const carried = layers.filter(
    ({ layer }) => layer !== "L2" || input.models.content !== undefined,
  );
  const evidence = combined(carried);
  const verdict = replayed.verdicts[index]!;
  const explanation: DecisionExplanation = {
    request: requestOf(requests[index]!, index, route, history.length),
    decision: decisionOf(verdict),
    models: modelsOf(input),
    threshold: thresholdOf(anomaly, replayed.thresholdMillibans),
    combined: { evidence: evidence / 256, score_permille: evidencePermille(evidence) },
    layers,
    agreement: own < 0 ? "no route matches it" : agreementOf(evidence, carried, verdict),
    sentence: "",
  };
  return { ...explanation, sentence: decisionSentence(explanation) };
}

/** Index of the first of the highest scores. */
function highestScore({ requests, wasm, pluginConfig, seed }: ExplainInput): number {
  let best = 0;
  let most = -1;
  replayTraffic(requests, { wasm, pluginConfig, seed }, (_request, { scorePermille }, index) => {
    if (scorePermille <= most) return;
    most = scorePermille;
    best = index;
  });
  return best;
}

function replayUpTo(input: ExplainInput, index: number, route: string): Replayed {
  const { requests, wasm, pluginConfig, seed } = input;
  const verdicts: ReplayVerdict[] = [];
  let proxy: EmbeddedProxy | undefined;
  let thresholdMillibans = 0;
  const onProxy = (made: EmbeddedProxy) => void (proxy = made);
  const past = requests.slice(0, index + 1);
  replayTraffic(past, { wasm, pluginConfig, seed, onProxy }, (_request, verdict, at) => {
    verdicts.push(verdict);
    if (at === index && proxy !== undefined) thresholdMillibans = thresholdIn(proxy, route);
  });
  return { verdicts, thresholdMillibans };
}

/** The route's gauge; workers number themselves, so its label says which one had the traffic. */
function thresholdIn(proxy: EmbeddedProxy, route: string): number {
  const name = metricName(Metric.ThresholdMillibans);
  const start = encodedMetric("", { route });
  const found = Object.entries(proxy.metrics.snapshot()).find(
    ([key]) => key.startsWith(start) && key.endsWith(name),
  );
  return Number(found?.[1].value ?? 0);
}

function routeHistory(
  { requests }: ExplainInput,
  verdicts: readonly ReplayVerdict[],
  config: PluginConfig,
  route: number,
): TrafficRequest[] {
  return verdicts.flatMap((verdict, i) => {
    const request = requests[i]!;
    return routeIndex(config, request.headers) === route ? [asTraffic(request, verdict)] : [];
  });
}

/** By the route's configuration; what is not written there has the filter's default. */
function layersOf(
  { models, otherContent }: ExplainInput,
  history: readonly TrafficRequest[],
  target: string,
  config: PluginConfig,
  anomaly: AnomalyConfig,
): ExplainedLayer[] {
  const layers: ExplainedLayer[] = [];
  const add = (part: LayerConfig, explain: () => LayerStory) => {
    if (part === "off") return;
    const story = explain();
    layers.push({ ...story, acts: part === "act", weight: weightOf(story.layer) });
  };
  add(anomaly.statistics ?? "act", () => explainStatistics(history));
  for (const scorer of models.scorers) {
    add(anomaly.sequence ?? "observe", () => explainSequence(scorer, vectorsOf(history, config)));
  }
  if (models.content !== undefined) {
    add(anomaly.content ?? "observe", () => explainContent(models.content!, target));
  } else if (otherContent !== undefined) {
    add("observe", () => explainContent(otherContent, target));
  }
  return layers;
}

function vectorsOf(history: readonly TrafficRequest[], config: PluginConfig): Float32Array {
  const [sequence] = extractFeatures(history, {
    fastMs: config.fast_half_life_ms ?? DEFAULT_HALF_LIVES.fastMs,
    slowMs: config.slow_half_life_ms ?? DEFAULT_HALF_LIVES.slowMs,
  });
  return sequence!.vectors;
}

/** Every model that had a part in it. */
function modelsOf({ models }: ExplainInput): DecisionExplanation["models"] {
  const all = models.content === undefined ? models.scorers : [...models.scorers, models.content];
  return all.map(({ name, modelVersion }) => ({ name, version: modelVersion }));
}

function requestOf(
  { atMs, headers }: RecordedRequest,
  index: number,
  route: string,
  routeRequests: number,
): DecisionExplanation["request"] {
  return {
    number: index + 1,
    at_ms: atMs,
    method: headers.get(":method") ?? "",
    path: headers.get(":path") ?? "",
    route,
    route_requests: routeRequests,
  };
}

function decisionOf(verdict: ReplayVerdict): DecisionExplanation["decision"] {
  const { scorePermille, arm, answered, layer } = verdict;
  return {
    verdict: verdict.verdict,
    reason: verdict.reason,
    enforced: verdict.isEnforced,
    score_permille: scorePermille < 0 ? null : scorePermille,
    arm: arm === "" ? null : arm,
    answered: answered === 0 ? null : answered,
    layer: layer === "" ? null : layer,
  };
}

function thresholdOf(
  { threshold_permille: fixed = 0 }: AnomalyConfig,
  millibans: number,
): DecisionExplanation["threshold"] {
  if (fixed > 0) return { evidence: evidenceOfPermille(fixed), set_by: "configuration" };
  return { evidence: millibans === 0 ? null : millibans / 1000, set_by: "route" };
}

function evidenceOfPermille(permille: number): number {
  return permille >= 1000 ? 4 : Number((-Math.log10(1 - permille / 1000)).toFixed(3));
}

function weightOf(layer: ExplainedLayer["layer"]): number {
  return layer === "L1" ? SEQUENCE_WEIGHT : LAYER_WEIGHT;
}

/** Evidence of the layers that act, together, Q8. */
function combined(layers: readonly ExplainedLayer[]): number {
  const acting = evidenceByLayer(layers.filter(({ acts }) => acts));
  const weighed = [...acting].map(([layer, evidence]) => ({
    evidence,
    weight: weightOf(layer),
  }));
  return combineEvidence(weighed);
}

/** Q8 of each layer; several scorers of the sequence are one layer, combined like layers. */
function evidenceByLayer(layers: readonly ExplainedLayer[]): Map<ExplainedLayer["layer"], number> {
  const all = new Map<ExplainedLayer["layer"], number[]>();
  for (const { layer, evidence } of layers) {
    all.set(layer, [...(all.get(layer) ?? []), Math.round(256 * (evidence ?? 0))]);
  }
  return new Map(
    [...all].map(([layer, said]) => [layer, said.length === 1 ? said[0]! : harmonicEvidence(said)]),
  );
}

/** The filter's own evidence beside that of its twins. */
function agreementOf(
  evidence: number,
  layers: readonly ExplainedLayer[],
  { evidences: [filters = 0, ...filterLayers] }: ReplayVerdict,
): string {
  const ours = evidenceByLayer(layers);
  const parted = (["L0", "L1", "L2"] as const).filter((layer, i) => {
    const said = ours.get(layer);
    // A content model that the filter does not have says nothing there.
    return (
      said !== undefined && filterLayers[i] !== said && !(layer === "L2" && filterLayers[i] === 0)
    );
  });
  if (evidence === filters && parted.length === 0) {
    return "exact: the filter and its twins say the same of every layer";
  }
  const where = parted.length === 0 ? "together" : parted.join(" and ");
  return (
    `approximate: the filter and its twins part in ${where}, ` +
    `${(filters / 256).toFixed(2)} and ${(evidence / 256).toFixed(2)} bans in all; they do where the ` +
    "filter refused requests of this route in shadow mode, or shed them"
  );
}
