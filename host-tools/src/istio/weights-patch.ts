// New weights in a rendered file: finds the object that carries our filter, replaces the model and
// raises the epoch, and touches nothing else. The epoch must go up, because istio-agent can deliver
// an older object after a newer one and the filter tells them apart by it alone.

import { isDeepStrictEqual } from "node:util";
import { isMap, parseAllDocuments, type Document, type YAMLMap } from "yaml";
import { modelConfig, type PluginConfig, withEpoch } from "../config/plugin-config";
import { validConfig } from "../config/validate";
import { ExitCode, GanglionError } from "../lib/errors";
import { FILTER_KINDS, type FilterKind, PLUGIN_NAME } from "./filter-object";
import { applyEdits, memberMap, setEdit } from "./yaml-edit";

/** Which object of which text. */
export interface FileTarget {
  /** A YAML stream or JSON. */
  readonly text: string;
  /** How complaints call it. */
  readonly file: string;
  /** The object's name; needed where the stream holds several of ours. */
  readonly name: string | undefined;
}

export interface PatchRequest extends FileTarget {
  readonly artifact: Uint8Array;
  /** Whether the model only counts. Default: as it is. */
  readonly modelMode?: "enforce" | "shadow" | undefined;
  /** Default: one more than now. */
  readonly epoch: number | undefined;
}

export interface Patched {
  readonly text: string;
  readonly kind: FilterKind;
  readonly name: string;
  readonly before: PluginConfig;
  readonly after: PluginConfig;
}

/**
 * Puts the artifact into the one object of the stream that carries our filter.
 *
 * @throws GanglionError E_PUSH_YAML, E_PUSH_OBJECT, E_EPOCH, E_MODEL_SIZE, E_CONFIG
 */
export function patchWeights(request: PatchRequest): Patched {
  const { text, file } = request;
  const documents = parse(text, file);
  const target = findTarget(documents, request);
  const before = target.config.toJSON() as PluginConfig;
  const model = { ...modelConfig(request.artifact), ...modeOf(before, request) };
  const epoch = nextEpoch(before, request.epoch);
  const after = validConfig(withEpoch({ ...before, model }, epoch));
  const old = memberMap(target.config, "model");
  const edits =
    old === undefined
      ? [setEdit(text, target.config, "model", { ...model })]
      : Object.entries(model).map(([key, value]) => setEdit(text, old, key, value));
  const patched = applyEdits(text, edits);
  // A second pass for the epoch: in a map without both, two insertions would fall on the same
  // place.
  const again = findTarget(parse(patched, file), request);
  const result = applyEdits(patched, [setEdit(patched, again.config, "epoch", epoch)]);
  checkResult(documents, parse(result, file), target.index, after);
  return { text: result, kind: target.kind, name: target.name, before, after };
}

/**
 * The one object of the stream that carries our filter, as an API server would have it.
 *
 * @throws GanglionError E_PUSH_YAML, E_PUSH_OBJECT
 */
export function filterInFile(target: FileTarget): unknown {
  const documents = parse(target.text, target.file);
  const { index } = findTarget(documents, target);
  return documents[index]?.toJSON();
}

/** The model's mode where it is to be said: one that is not is `enforce`. */
function modeOf(
  { model }: PluginConfig,
  { modelMode }: PatchRequest,
): { mode?: "enforce" | "shadow" } {
  const mode = modelMode ?? model?.mode;
  return mode === "shadow" || model?.mode !== undefined ? { mode: mode ?? "enforce" } : {};
}

function parse(text: string, file: string): Document.Parsed[] {
  const documents = parseAllDocuments(text, { version: "1.1", prettyErrors: true });
  if (!Array.isArray(documents)) return [];
  const error = documents.flatMap((document) => document.errors)[0];
  if (error === undefined) return documents as Document.Parsed[];
  throw new GanglionError("E_PUSH_YAML", `${file}: ${error.message}`, {
    exitCode: ExitCode.badInput,
  });
}

interface Target {
  readonly index: number;
  readonly kind: FilterKind;
  readonly name: string;
  readonly config: YAMLMap;
}

function findTarget(documents: readonly Document.Parsed[], request: FileTarget): Target {
  const all = documents.flatMap((document, index) => targetOf(document, index) ?? []);
  const { name, file } = request;
  const fitting = name === undefined ? all : all.filter((target) => target.name === name);
  const [target, second] = fitting;
  if (target !== undefined && second === undefined) return target;
  const found = all.map((one) => `${one.kind}/${one.name}`).join(", ") || "none";
  const which = name === undefined ? "" : ` named ${name}`;
  const reason = target === undefined ? `no object${which}` : "several objects";
  throw new GanglionError(
    "E_PUSH_OBJECT",
    `${file}: ${reason} with pluginName ${PLUGIN_NAME} and a pluginConfig; found: ${found}`,
    {
      hint:
        target === undefined
          ? "Give the file that `ganglion render` wrote: a WasmPlugin or a TrafficExtension."
          : "Say which one with --name.",
      exitCode: ExitCode.badInput,
    },
  );
}

function targetOf(document: Document.Parsed, index: number): Target | undefined {
  const kind = FILTER_KINDS.find((one) => document.get("kind") === one);
  if (kind === undefined || !isMap(document.contents)) return undefined;
  const spec = memberMap(document.contents, "spec");
  const plugin = kind === "WasmPlugin" ? spec : spec && memberMap(spec, "wasm");
  const config = plugin && memberMap(plugin, "pluginConfig");
  if (config === undefined || plugin?.get("pluginName") !== PLUGIN_NAME) return undefined;
  return { index, kind, name: String(document.getIn(["metadata", "name"])), config };
}

function nextEpoch(before: PluginConfig, wanted: number | undefined): number {
  const current = before.epoch ?? 0;
  const next = wanted ?? current + 1;
  if (next > current) return next;
  throw new GanglionError("E_EPOCH", `--epoch ${next} is not above the file's epoch ${current}`, {
    hint: `Leave --epoch out to get ${current + 1}: proxies ignore what is not newer.`,
    exitCode: ExitCode.badInput,
  });
}

/** Reads back what was written: our object as meant, every other document as it was. */
function checkResult(
  before: readonly Document.Parsed[],
  result: readonly Document.Parsed[],
  index: number,
  after: PluginConfig,
): void {
  const others = before.every(
    (one, at) => at === index || isDeepStrictEqual(one.toJSON(), result[at]?.toJSON()),
  );
  const target = result[index] === undefined ? undefined : targetOf(result[index], index);
  const found = target?.config.toJSON() as PluginConfig | undefined;
  const good =
    found?.epoch === after.epoch &&
    isDeepStrictEqual(found?.model, after.model) &&
    isDeepStrictEqual({ ...found, epoch: 0, model: 0 }, { ...after, epoch: 0, model: 0 });
  if (others && good && result.length === before.length) return;
  throw new GanglionError("E_PUSH_YAML", "the changed text does not read back as it was meant", {
    hint: "Render the file again and push into that; it has no anchors and no tags.",
  });
}
