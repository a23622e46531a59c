// The life of the VM: configurations come as root contexts, become generations, are replaced; the tick
// publishes and keeps house. The request path is reflex.ts.
//
// One VM can serve several plugins of the same module (the proxy keys VMs by code, not by configuration),
// so generations are kept per plugin, told apart by root id.

import { ArtifactStatus, artifactStatusName } from "./contract/artifact";
import { GENERATIONS_MAX, ROOTS_MAX, TICK_PERIOD_MS } from "./contract/limits";
import { ConfigOutcome } from "./contract/signals";
import { ConfigReport, REPORT_BYTES } from "./config/config-report";
import { hash64 } from "./config/hash64";
import { parseSettings } from "./config/parse";
import { renderReport } from "./config/render-report";
import { LEVEL_INFO, LEVEL_WARN, NO_TIME, STATUS_OK } from "./edge/host";
import { monotonicNs, randomBytes, wallNs } from "./edge/host";
import { readConfiguration, readProperty, resultBytes, resultPtr } from "./edge/host";
import { setTickPeriodMs } from "./edge/host";
import { logText } from "./edge/log";
import { closeConfigArena, openConfigArena } from "./edge/scratch";
import { appendBytes, appendLiteral, appendNumber, beginText } from "./edge/text";
import * as wire from "./edge/wire";
import { signOfLife } from "./edge/workers";
import { seedRandom } from "./state/random";
import { setWallClock } from "./statistics/route-monitor";
import { returnExpiredLeases } from "./admit";
import { watchCanaries } from "./canary";
import { judgeIdle } from "./judge";
import {
  attachModels,
  bindStates,
  generationArtifact,
  generationModelVersion,
  generationSettings,
} from "./generation";
import { countConfig, publishCounters, publishGauges, publishWorker } from "./publish";

/** Plugins that share this VM; one generation stays spare for the candidate. */
const PLUGINS_MAX: i32 = GENERATIONS_MAX - 1;
/** Every how many ticks gauges are written. */
const GAUGE_TICKS: u32 = 5;
/** Every how many ticks the wall clock is read: a minute. */
const WALL_TICKS: u32 = 600;
const NANOS_PER_TICK: u64 = <u64>TICK_PERIOD_MS * 1_000_000;

/** One plugin of this VM: what the newest accepted configuration of its root id is. */
// @ts-ignore: decorator
@unmanaged
@final
class Plugin {
  rootIdHash: u64;
  /** Highest epoch accepted. */
  epoch: u64;
  /** Generation in force, -1 before the first good configuration. */
  generation: i32;
  /** Sequence number of that generation. */
  sequence: u32;
  /** Root contexts alive. */
  roots: i32;
  /** 1 while the newest configuration was refused. */
  refused: i32;
  used: i32;
}

// @ts-ignore: decorator
@unmanaged
@final
class Root {
  contextId: u32;
  plugin: i32;
}

const PLUGINS: usize = memory.data(128, 8);
const ROOTS: usize = memory.data(128, 8);
const REPORT: usize = memory.data(208, 8);
const LINE: usize = memory.data(320, 8);
if (<i32>offsetof<Plugin>() * PLUGINS_MAX > 128) ERROR("PLUGINS is too small");
if (<i32>offsetof<Root>() * ROOTS_MAX > 128) ERROR("ROOTS is too small");
if (REPORT_BYTES > 208) ERROR("REPORT is too small");

let sequence: u32 = 0;
let pluginCount: i32 = 0;
let lastTickNs: u64 = 0;
let ticks: u32 = 0;

// @ts-ignore: decorator
@inline
function pluginAt(index: i32): Plugin {
  return changetype<Plugin>(PLUGINS + <usize>index * offsetof<Plugin>());
}

// @ts-ignore: decorator
@inline
function rootAt(index: i32): Root {
  return changetype<Root>(ROOTS + <usize>index * offsetof<Root>());
}

/** The plugin of the context in hand, found or made; -1 when there is no place. */
function currentPlugin(): i32 {
  const known = readProperty(wire.ROOT_ID, wire.ROOT_ID_BYTES) == STATUS_OK;
  const hash = known ? hash64(resultPtr(), resultBytes()) : 0;
  let free = -1;
  for (let i = 0; i < PLUGINS_MAX; i++) {
    const plugin = pluginAt(i);
    if (plugin.used && plugin.rootIdHash == hash) return i;
    if (free < 0 && (!plugin.used || plugin.roots == 0)) free = i;
  }
  if (free < 0) return -1;
  const plugin = pluginAt(free);
  if (!plugin.used) pluginCount++;
  memory.fill(changetype<usize>(plugin), 0, offsetof<Plugin>());
  plugin.used = 1;
  plugin.rootIdHash = hash;
  plugin.generation = -1;
  return free;
}

/** The generation that a stream of the context in hand is served by, -1 for none. */
export function currentGeneration(): i32 {
  // One plugin in the VM is the rule; only several are worth asking the host which one this is.
  if (pluginCount <= 1) return pluginAt(0).used ? pluginAt(0).generation : -1;
  const plugin = currentPlugin();
  return plugin < 0 ? -1 : pluginAt(plugin).generation;
}

function rememberRoot(contextId: u32, plugin: i32): void {
  let free = -1;
  for (let i = 0; i < ROOTS_MAX; i++) {
    const root = rootAt(i);
    if (root.contextId == contextId) return;
    if (free < 0 && root.contextId == 0) free = i;
  }
  // More roots than places are served too; they only do not hold their plugin's place.
  if (free < 0) return;
  rootAt(free).contextId = contextId;
  rootAt(free).plugin = plugin;
  pluginAt(plugin).roots++;
}

/** A context that is no stream has gone. */
export function forgetRoot(contextId: u32): void {
  for (let i = 0; i < ROOTS_MAX; i++) {
    const root = rootAt(i);
    if (root.contextId != contextId) continue;
    root.contextId = 0;
    const plugin = pluginAt(root.plugin);
    plugin.roots = max(0, plugin.roots - 1);
    return;
  }
}

/** The VM starts, or a new root context in it. */
export function start(): void {
  if (sequence == 0 && randomBytes(LINE, 8)) seedRandom(load<u64>(LINE));
  setTickPeriodMs(TICK_PERIOD_MS);
}

/**
 * Applies a configuration, or keeps what was in force. Never fails: a proxy that starts on a bad
 * configuration would answer 500 to everything, and one that refuses a later one is poisoned for good
 * ones (docs/decisions/0007).
 */
export function configure(contextId: u32, bytes: i32): void {
  const index = currentPlugin();
  if (index < 0) {
    beginText();
    appendLiteral("ganglion: refused: more plugins share this module than it has places for");
    logText(LEVEL_WARN);
    countConfig(ConfigOutcome.Refused);
    return;
  }
  rememberRoot(contextId, index);
  const plugin = pluginAt(index);
  const outcome = apply(plugin, bytes);
  countConfig(outcome);
  if (outcome != ConfigOutcome.Stale) plugin.refused = outcome == ConfigOutcome.Refused ? 1 : 0;
}

function apply(plugin: Plugin, bytes: i32): ConfigOutcome {
  const candidate = spareGeneration();
  if (!readCandidate(candidate, bytes)) return ConfigOutcome.Refused;
  const settings = generationSettings(candidate);
  if (settings.epoch < plugin.epoch) {
    beginText();
    appendLiteral("ganglion: ignored: epoch ");
    appendNumber(settings.epoch);
    appendLiteral(" is older than ");
    appendNumber(plugin.epoch);
    appendLiteral(", which is in force");
    logText(LEVEL_WARN);
    return ConfigOutcome.Stale;
  }
  const status = attachModels(candidate);
  if (status != ArtifactStatus.Ok) {
    beginText();
    appendLiteral("ganglion: refused: model: ");
    appendLiteral(artifactStatusName(status));
    logText(LEVEL_WARN);
    return ConfigOutcome.Refused;
  }
  const next = sequence + 1;
  if (!bindStates(candidate, next, oldestSequence())) {
    // What was bound so far is bound to names in force too, or replaceable next time.
    beginText();
    appendLiteral("ganglion: refused: the plugins of this module name more than there is room for");
    logText(LEVEL_WARN);
    return ConfigOutcome.Refused;
  }
  sequence = next;
  plugin.sequence = next;
  plugin.generation = candidate;
  plugin.epoch = settings.epoch;
  // What is known of a canary holds from the first request on.
  watchCanaries(candidate);
  logAccepted(plugin);
  return ConfigOutcome.Accepted;
}

function readCandidate(candidate: i32, bytes: i32): bool {
  openConfigArena();
  const status = bytes > 0 ? readConfiguration(bytes) : STATUS_OK;
  closeConfigArena();
  const settings = generationSettings(candidate);
  const report = changetype<ConfigReport>(REPORT);
  // A configuration larger than the arena cannot be read; the parser words the refusal.
  const json = bytes > 0 && status == STATUS_OK ? resultPtr() : LINE;
  const length = bytes > 0 && status == STATUS_OK ? resultBytes() : bytes;
  const artifact = generationArtifact(candidate);
  if (status == STATUS_OK || bytes > 0) {
    if (parseSettings(json, length, settings, artifact, report)) return true;
  }
  const lineBytes = renderReport(report, LINE, 320);
  beginText();
  appendLiteral("ganglion: refused: ");
  appendBytes(LINE, lineBytes);
  logText(LEVEL_WARN);
  return false;
}

function spareGeneration(): i32 {
  for (let g = 0; g < GENERATIONS_MAX; g++) {
    let used = false;
    for (let i = 0; i < PLUGINS_MAX; i++) {
      const plugin = pluginAt(i);
      if (plugin.used && plugin.generation == g) used = true;
    }
    if (!used) return g;
  }
  // Not reached: there is one generation more than there are plugins.
  return GENERATIONS_MAX - 1;
}

/** Lowest sequence that some plugin still runs. */
function oldestSequence(): u32 {
  let oldest = sequence;
  for (let i = 0; i < PLUGINS_MAX; i++) {
    const plugin = pluginAt(i);
    if (!plugin.used || plugin.generation < 0) continue;
    if (plugin.sequence < oldest) oldest = plugin.sequence;
  }
  return oldest;
}

function logAccepted(plugin: Plugin): void {
  const settings = generationSettings(plugin.generation);
  beginText();
  appendLiteral("ganglion: accepted: epoch ");
  appendNumber(settings.epoch);
  appendLiteral(", routes ");
  appendNumber(settings.routeCount);
  appendLiteral(", arms ");
  appendNumber(settings.armCount);
  appendLiteral(", limits ");
  appendNumber(settings.limitCount);
  appendLiteral(", model ");
  appendNumber(generationModelVersion(plugin.generation));
  logText(LEVEL_INFO);
}

/** Publishes, returns leases, shows a sign of life. */
export function tick(): void {
  const nowNs = monotonicNs();
  if (nowNs == NO_TIME) return;
  // Every root context of the VM has its own timer; one of them is enough.
  if (lastTickNs != 0 && nowNs - lastTickNs < NANOS_PER_TICK / 2) return;
  lastTickNs = nowNs;
  returnExpiredLeases(nowNs);
  judgeIdle(<f64>nowNs * 1e-6);
  watchAllCanaries();
  if (ticks % WALL_TICKS == 0) tellHour(nowNs);
  if (ticks % GAUGE_TICKS == 0) {
    signOfLife(nowNs);
    publishGauges(<f64>nowNs * 1e-6);
    publishOwn(nowNs);
  }
  publishCounters();
  ticks++;
}

function watchAllCanaries(): void {
  for (let i = 0; i < PLUGINS_MAX; i++) {
    const plugin = pluginAt(i);
    if (plugin.used && plugin.generation >= 0) watchCanaries(plugin.generation);
  }
}

/** Rates follow the hour of the day; the request path knows monotonic time alone. */
function tellHour(nowNs: u64): void {
  const wall = wallNs();
  setWallClock(wall == NO_TIME ? NaN : (<f64>wall - <f64>nowNs) * 1e-6);
}

/** The worker's gauges speak of the plugin that was configured last. */
function publishOwn(nowNs: u64): void {
  let newest = -1;
  let refused = false;
  for (let i = 0; i < PLUGINS_MAX; i++) {
    const plugin = pluginAt(i);
    if (!plugin.used) continue;
    if (plugin.refused) refused = true;
    if (plugin.generation < 0) continue;
    if (newest < 0 || plugin.sequence > pluginAt(newest).sequence) newest = i;
  }
  if (newest < 0) {
    publishWorker(0, 0, refused, nowNs);
    return;
  }
  const plugin = pluginAt(newest);
  const version = generationModelVersion(plugin.generation);
  publishWorker(plugin.epoch, version, refused, nowNs);
}
