// One applied configuration: settings, model, and which learnt state each name of it is bound to. Memory
// for a few of them is taken once; a new configuration is read into a spare one and becomes current by one
// assignment. Streams keep nothing of a generation after their callback, so a replaced one is free at once.

import { ARTIFACT_BYTES_MAX, GENERATIONS_MAX } from "./contract/limits";
import { ARMS_MAX, LIMITS_MAX, ROUTES_MAX } from "./contract/limits";
import { ARTIFACT_AT_MODEL_VERSION, ArtifactStatus } from "./contract/artifact";
import { SETTINGS_BYTES, Settings } from "./config/settings";
import { armSettings, canarySettings, limitSettings, routeSettings } from "./config/settings";
import { bindArm } from "./state/arm-state";
import { bindCanary } from "./state/canary-state";
import { bindLimit } from "./state/limit-state";
import { bindRoute, routeState } from "./state/route-state";
import { BUNDLE_BYTES, Bundle, mapBundle, validateBundle } from "./bundle";

const BUNDLE_OFFSET: usize = (SETTINGS_BYTES + 15) & ~15;
const ROUTE_BINDING_OFFSET: usize = BUNDLE_OFFSET + BUNDLE_BYTES;
const ARM_BINDING_OFFSET: usize = ROUTE_BINDING_OFFSET + <usize>ROUTES_MAX * 2;
const LIMIT_BINDING_OFFSET: usize = ARM_BINDING_OFFSET + <usize>ARMS_MAX * 2;
const ARTIFACT_OFFSET: usize = (LIMIT_BINDING_OFFSET + <usize>LIMITS_MAX * 2 + 15) & ~15;
const GENERATION_BYTES: usize = (ARTIFACT_OFFSET + <usize>ARTIFACT_BYTES_MAX + 15) & ~15;

const SPACE: usize = memory.data(1048576, 16);
if (GENERATION_BYTES * <usize>GENERATIONS_MAX > 1048576) ERROR("SPACE is too small");

// @ts-ignore: decorator
@inline
function at(generation: i32): usize {
  return SPACE + <usize>generation * GENERATION_BYTES;
}

/** @param generation in [0, GENERATIONS_MAX) */
// @ts-ignore: decorator
@inline
export function generationSettings(generation: i32): Settings {
  return changetype<Settings>(at(generation));
}

/** The mapped models; meaningful when the settings say that there are some. */
// @ts-ignore: decorator
@inline
export function generationBundle(generation: i32): Bundle {
  return changetype<Bundle>(at(generation) + BUNDLE_OFFSET);
}

/** Version that the artifact's author gave it, 0 without one. */
export function generationModelVersion(generation: i32): u32 {
  if (!generationSettings(generation).hasModel) return 0;
  return load<u32>(generationArtifact(generation), ARTIFACT_AT_MODEL_VERSION);
}

/** Where the decoded artifact goes. */
export function generationArtifact(generation: i32): usize {
  return at(generation) + ARTIFACT_OFFSET;
}

/** Index of the state of route i. */
// @ts-ignore: decorator
@inline
export function boundRoute(generation: i32, route: i32): i32 {
  return <i32>load<u16>(at(generation) + ROUTE_BINDING_OFFSET + <usize>route * 2);
}

/** First of the arm-state indexes (u16 each) of the arm pool from armFirst on. */
// @ts-ignore: decorator
@inline
export function armBinding(generation: i32, armFirst: i32): usize {
  return at(generation) + ARM_BINDING_OFFSET + <usize>armFirst * 2;
}

/** Index of the state of the limit at this place of the pool. */
// @ts-ignore: decorator
@inline
export function boundLimit(generation: i32, limit: i32): i32 {
  return <i32>load<u16>(at(generation) + LIMIT_BINDING_OFFSET + <usize>limit * 2);
}

/** Checks and maps the artifact of a generation that has one. */
export function attachModels(generation: i32): ArtifactStatus {
  const settings = generationSettings(generation);
  if (!settings.hasModel) return ArtifactStatus.Ok;
  const artifact = generationArtifact(generation);
  const status = validateBundle(artifact, settings.artifactBytes);
  if (status == ArtifactStatus.Ok) mapBundle(artifact, generationBundle(generation));
  return <ArtifactStatus>status;
}

/**
 * Binds every name of the generation to its learnt state.
 *
 * @param sequence number of this generation, counting up
 * @param oldestSequence lowest number still in force; what only older ones knew may be replaced
 * @returns false when there is no room for all of it
 */
export function bindStates(generation: i32, sequence: u32, oldestSequence: u32): bool {
  const settings = generationSettings(generation);
  for (let r = 0; r < settings.routeCount; r++) {
    const route = routeSettings(settings, r);
    const state = bindRoute(
      route.nameHash,
      route.namePtr,
      route.nameLength,
      sequence,
      oldestSequence,
    );
    if (state < 0) return false;
    routeState(state).falseAlarmsPerHour = route.falseAlarmsPerHour;
    // Another content table may have come.
    routeState(state).contentHash = 0;
    store<u16>(at(generation) + ROUTE_BINDING_OFFSET + <usize>r * 2, <u16>state);
    bindCanary(state, route.canary > 0 ? canarySettings(settings, route.canary - 1).hash : 0);
    for (let k = 0; k < route.armCount; k++) {
      const i = route.armFirst + k;
      const arm = armSettings(settings, i);
      const bound = bindArm(
        arm.nameHash,
        arm.namePtr,
        arm.nameLength,
        state,
        sequence,
        oldestSequence,
      );
      if (bound < 0) return false;
      store<u16>(at(generation) + ARM_BINDING_OFFSET + <usize>i * 2, <u16>bound);
    }
    for (let k = 0; k < route.limitCount; k++) {
      const i = route.limitFirst + k;
      const limit = limitSettings(settings, i);
      const bound = bindLimit(
        limit.nameHash,
        limit.namePtr,
        limit.nameLength,
        state,
        sequence,
        oldestSequence,
      );
      if (bound < 0) return false;
      store<u16>(at(generation) + LIMIT_BINDING_OFFSET + <usize>i * 2, <u16>bound);
    }
  }
  settings.sequence = sequence;
  return true;
}
