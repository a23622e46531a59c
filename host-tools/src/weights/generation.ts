// One generation of weights: what a push puts into the object and what a rollback puts back. The
// rest of the configuration (routes, arms, limits) is not part of it, so that going back to older
// weights never goes back to older limits.

import { createHash } from "node:crypto";
import { modelConfig, type ModelConfig, type PluginConfig } from "../config/plugin-config";
import { validConfig } from "../config/validate";
import { withEpoch } from "../config/plugin-config";
import { modelVersionOf } from "../model/bundle";
import type { ClusterObject } from "../cluster";
import { type LiveFilter, VM_GENERATION } from "./live-filter";
import { type OwnedFields, ownedFields } from "./ownership";

/** `shadow`: the model only counts what it would do (docs/decisions/0024). */
export type Mode = "shadow" | "enforce";

export interface Generation {
  readonly epoch: number;
  /** Undefined: the filter runs without a model. */
  readonly artifact: Uint8Array | undefined;
  /** Of the model alone; the mode of the configuration is the policy's. */
  readonly modelMode: Mode;
  /** Value of GANGLION_VM_GEN. */
  readonly vmGeneration: number;
}

/** The generation that an object carries. An artifact that cannot be read is carried as it is. */
export function liveGeneration(live: LiveFilter): Generation {
  const { model } = live.config;
  return {
    epoch: live.epoch,
    artifact: model === undefined ? undefined : Buffer.from(model.base64, "base64"),
    modelMode: model?.mode ?? "enforce",
    vmGeneration: live.vmGeneration,
  };
}

/**
 * The whole configuration with this generation in it, as the filter will read it.
 *
 * @throws GanglionError E_MODEL_SIZE, E_EPOCH, E_CONFIG
 */
export function configWith(live: LiveFilter, generation: Generation): PluginConfig {
  const { model: _model, ...rest } = live.config;
  const model = modelOf(live, generation);
  const config = { ...rest, ...(model === undefined ? {} : { model }) };
  return validConfig(withEpoch(config, generation.epoch));
}

/**
 * An enforced model says no mode, since filters of before know none; but what somebody else has said
 * is not removed by leaving it out.
 */
function modelOf(live: LiveFilter, { artifact, modelMode }: Generation): ModelConfig | undefined {
  if (artifact === undefined) return undefined;
  const { modelMode: isOurs } = ownedFields(live.object, live.kind);
  const says = modelMode === "shadow" || (live.config.model?.mode !== undefined && !isOurs);
  return { ...modelConfig(artifact), ...(says ? { mode: modelMode } : {}) };
}

/**
 * What one server-side apply of the generation says: its own fields and no other, those that it
 * already holds included, because an apply gives up what it leaves out.
 */
export function applyBody(live: LiveFilter, generation: Generation): ClusterObject {
  const owned = ownedFields(live.object, live.kind);
  const plugin = pluginFields(live, generation, owned);
  const { apiVersion, kind, name, namespace } = live.key;
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, resourceVersion: live.resourceVersion },
    spec: live.kind === "WasmPlugin" ? plugin : { wasm: plugin },
  };
}

function pluginFields(live: LiveFilter, generation: Generation, owned: OwnedFields): object {
  const { epoch, vmGeneration } = generation;
  const { mode } = live.config;
  const saysVm = owned.vmGeneration || vmGeneration !== live.vmGeneration;
  const model = modelOf(live, generation);
  return {
    pluginConfig: {
      epoch,
      ...(model === undefined ? {} : { model }),
      ...(owned.mode && mode !== undefined ? { mode } : {}),
    },
    ...(saysVm
      ? {
          vmConfig: {
            env: [{ name: VM_GENERATION, value: String(vmGeneration), valueFrom: "INLINE" }],
          },
        }
      : {}),
  };
}

/** SHA-256 of an artifact in hexadecimal, `none` without one. */
export function artifactDigest(artifact: Uint8Array | undefined): string {
  return artifact === undefined ? "none" : createHash("sha256").update(artifact).digest("hex");
}

/** The model's version, 0 without a model or where it cannot be read. */
export function artifactVersion(artifact: Uint8Array | undefined): number {
  try {
    return artifact === undefined ? 0 : modelVersionOf(artifact);
  } catch {
    // It is in the cluster already; that it cannot be read must not stand in the way of a better one.
    return 0;
  }
}
