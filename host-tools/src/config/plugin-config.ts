// The compiled configuration as TypeScript sees it, and its one spelling: canonical JSON, so that
// the same policy gives the same bytes, the same plugin key in Envoy and an empty diff in Git.

import { createHash } from "node:crypto";
import { ARTIFACT_BYTES_MAX, EPOCH_MAX } from "../contract";
import { ExitCode, GanglionError } from "../lib/errors";

export interface PluginConfig {
  readonly version: 1;
  readonly epoch?: number;
  readonly mode?: "enforce" | "shadow";
  readonly expose?: "tagged" | "always" | "never";
  readonly fast_half_life_ms?: number;
  readonly slow_half_life_ms?: number;
  readonly quantile_half_life_ms?: number;
  readonly exploration_permille?: number;
  readonly routes?: readonly RouteConfig[];
  readonly model?: ModelConfig;
}
export type ModeConfig = "enforce" | "shadow" | "inherit";
export interface RouteConfig {
  readonly name: string;
  readonly match?: MatchConfig;
  readonly mode?: ModeConfig;
  readonly arms?: readonly ArmConfig[];
  readonly fallback?: readonly string[];
  readonly ejection?: EjectionConfig;
  readonly limits?: readonly LimitConfig[];
  readonly anomaly?: AnomalyConfig;
  readonly canary?: CanaryConfig;
}
export interface MatchConfig {
  readonly path_prefix?: string;
  readonly path_exact?: string;
  readonly method?: string;
  readonly authority?: string;
}
export interface ArmConfig {
  readonly name: string;
  readonly weight?: number;
  readonly default?: boolean;
}
export interface EjectionConfig {
  readonly error_permille?: number;
  readonly requests_min?: number;
  readonly duration_ms?: number;
}
export interface LimitConfig {
  readonly name: string;
  readonly mode?: ModeConfig;
  readonly key_header?: string;
  readonly requests_per_second: number;
  readonly burst: number;
  readonly values?: readonly LimitValueConfig[];
}
export interface LimitValueConfig {
  readonly value: string;
  readonly requests_per_second: number;
  readonly burst: number;
}
/** What a layer of the scorer takes part in. */
export type LayerConfig = "act" | "observe" | "off";
export interface AnomalyConfig {
  readonly threshold_permille?: number;
  readonly act?: "observe" | "tag" | "reroute" | "shed";
  readonly false_alarms_per_hour?: number;
  readonly statistics?: LayerConfig;
  readonly sequence?: LayerConfig;
  readonly content?: LayerConfig;
}
/** The filter's guard of a route's canary; policy-guard.ts makes it. */
export interface CanaryConfig {
  readonly id: string;
  readonly mode?: ModeConfig;
  /** Name of the arm that gets the canary's requests once it is killed. */
  readonly stable: string;
  /** Cluster of the canary as the proxy names it; the first `*` stands for any characters. */
  readonly cluster: string;
  /** Natural logarithms, Q16. */
  readonly error_step_q16?: number;
  readonly success_step_q16?: number;
  readonly threshold_q16?: number;
  readonly floor_q16?: number;
  readonly requests_min?: number;
  /** Odds of an error of a bad canary over the stable arm's; 0 compares nothing. */
  readonly odds?: number;
}
export interface ModelConfig {
  /** SHA-256 of the artifact, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** The artifact, padded base64. */
  readonly base64: string;
  /** `shadow`: its layers are computed, told and counted, and act on no route. */
  readonly mode?: "enforce" | "shadow";
}

/** Bytes of base64 that one pluginConfig may carry. */
export const MODEL_BASE64_BYTES_MAX = Math.ceil(ARTIFACT_BYTES_MAX / 3) * 4;

/**
 * JSON with sorted keys and no white space. Members that are undefined are left out, as in
 * JSON.stringify.
 *
 * @throws GanglionError E_JSON_NUMBER for NaN and infinities, which JSON.stringify would turn to
 *   null
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new GanglionError("E_JSON_NUMBER", `${value} has no place in JSON`, {
      exitCode: ExitCode.badInput,
    });
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join()}}`;
}

/**
 * The model member for an artifact.
 *
 * @throws GanglionError E_MODEL_SIZE above 128 KiB of base64
 */
export function modelConfig(artifact: Uint8Array): ModelConfig {
  const base64 = Buffer.from(artifact).toString("base64");
  if (base64.length > MODEL_BASE64_BYTES_MAX || artifact.length === 0) {
    throw new GanglionError(
      "E_MODEL_SIZE",
      `the model has ${artifact.length} bytes, ${base64.length} in base64; ` +
        `pluginConfig carries 1 to ${ARTIFACT_BYTES_MAX} bytes, ${MODEL_BASE64_BYTES_MAX} in ` +
        `base64`,
      {
        hint:
          "istiod sends the whole configuration to every proxy and the API server stores it with " +
          "each revision; train a smaller model.",
        exitCode: ExitCode.badInput,
      },
    );
  }
  return { sha256: createHash("sha256").update(artifact).digest("hex"), base64 };
}

/**
 * The configuration with this artifact as its model.
 *
 * @throws GanglionError E_MODEL_SIZE
 */
export function withModel(config: PluginConfig, artifact: Uint8Array): PluginConfig {
  return { ...config, model: modelConfig(artifact) };
}

/**
 * The configuration with this epoch.
 *
 * @param epoch whole number in [0, 2^53 - 1]
 * @throws GanglionError E_EPOCH
 */
export function withEpoch(config: PluginConfig, epoch: number): PluginConfig {
  if (!Number.isSafeInteger(epoch) || epoch < 0 || epoch > EPOCH_MAX) {
    throw new GanglionError(
      "E_EPOCH",
      `epoch ${epoch} is not a whole number in [0, ${EPOCH_MAX}]`,
      {
        exitCode: ExitCode.usage,
      },
    );
  }
  return { ...config, epoch };
}
