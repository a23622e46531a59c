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

export type Mode = "shadow" | "enforce";

export interface Generation {
  readonly epoch: number;
  /** Undefined: the filter runs without a model. */
  readonly artifact: Uint8Array | undefined;
  /** Undefined: as the configuration has it. */
  readonly mode: Mode | undefined;
  /** Value of GANGLION_VM_GEN. */
  readonly vmGeneration: number;
}

/** The generation that an object carries. An artifact that cannot be read is carried as it is. */
export function liveGeneration(live: LiveFilter): Generation {
  const { model, mode } = live.config;
  return {
    epoch: live.epoch,
    artifact: model === undefined ? undefined : Buffer.from(model.base64, "base64"),
    mode: mode as Mode | undefined,
    vmGeneration: live.vmGeneration,
  };
}

/**
 * The whole configuration with this generation in it, as the filter will read it.
 *
 * @throws GanglionError E_MODEL_SIZE, E_EPOCH, E_CONFIG
 */
export function configWith(live: LiveFilter, generation: Generation): PluginConfig {
  const { model: _model, mode: _mode, ...rest } = live.config;
  const { artifact } = generation;
  const mode = generation.mode ?? live.config.mode;
  const config = {
    ...rest,
    ...(mode === undefined ? {} : { mode }),
    ...(artifact === undefined ? {} : { model: modelConfig(artifact) }),
  };
  return validConfig(withEpoch(config, generation.epoch));
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
  const { epoch, artifact, vmGeneration } = generation;
  const mode = generation.mode ?? live.config.mode;
  const saysMode = mode !== undefined && (owned.mode || mode !== live.config.mode);
  const saysVm = owned.vmGeneration || vmGeneration !== live.vmGeneration;
  const model: ModelConfig | undefined = artifact && modelConfig(artifact);
  return {
    pluginConfig: {
      epoch,
      ...(model === undefined ? {} : { model }),
      ...(saysMode ? { mode } : {}),
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
