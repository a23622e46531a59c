// Reads a settings block back from the lab's memory, field by field, by the layout rule that asc
// follows: declared order, each field aligned to its size.

import type { ConfigLab } from "./config-lab";

type Kind = "u64" | "i32" | "f32" | "usize";
type Layout = readonly (readonly [string, Kind])[];
export type Fields = Record<string, number | bigint>;

const parse = (text: string): Layout => {
  return text
    .trim()
    .split(/\s+/)
    .map((field) => field.split(":") as [string, Kind]);
};

const SETTINGS = parse(`epoch:u64 mode:i32 expose:i32 fastHalfLifeMs:f32 slowHalfLifeMs:f32
  quantileHalfLifeMs:i32 explorationPermille:i32 routeCount:i32 armCount:i32 limitCount:i32
  valueCount:i32 keyHeaderCount:i32 textBytes:i32 hasModel:i32 modelShadow:i32 artifactBytes:i32
  canaryCount:i32 sequence:i32`);
const ROUTE = parse(`nameHash:u64 namePtr:usize nameLength:i32 pathPtr:usize pathLength:i32
  pathExact:i32 methodPtr:usize methodLength:i32 authorityPtr:usize authorityLength:i32 mode:i32
  armFirst:i32 armCount:i32 armDefault:i32 limitFirst:i32 limitCount:i32 ejectionErrorQ:f32
  ejectionRequestsMin:i32 ejectionDurationMs:i32 anomalyThresholdPermille:i32 anomalyAct:i32
  falseAlarmsPerHour:f32 statisticsLayer:i32 sequenceLayer:i32 contentLayer:i32 weightSum:i32
  canary:i32`);
const CANARY = parse(`hash:u64 stablePtr:usize stableLength:i32 stableArm:i32 clusterPtr:usize
  clusterLength:i32 clusterStar:i32 mode:i32 errorStepQ16:i32 successStepQ16:i32 thresholdQ16:i32
  floorQ16:i32 requestsMin:i32 odds:i32`);
const ARM = parse("nameHash:u64 namePtr:usize nameLength:i32 weight:i32 fallback:i32");
const LIMIT = parse(`nameHash:u64 intervalNs:u64 capacityNs:u64 namePtr:usize nameLength:i32
  mode:i32 keyHeader:i32 valueFirst:i32 valueCount:i32 leaseTokens:i32`);
const VALUE = parse("intervalNs:u64 capacityNs:u64 valuePtr:usize valueLength:i32 leaseTokens:i32");
const KEY = parse("namePtr:usize nameLength:i32");

function readFields(view: DataView, address: number, layout: Layout): Fields {
  const fields: Fields = {};
  let offset = 0;
  for (const [name, kind] of layout) {
    const size = kind === "u64" ? 8 : 4;
    offset = Math.ceil(offset / size) * size;
    const at = address + offset;
    if (kind === "u64") fields[name] = view.getBigUint64(at, true);
    else if (kind === "f32") fields[name] = view.getFloat32(at, true);
    else fields[name] = view.getInt32(at, true);
    offset += size;
  }
  return fields;
}

export interface ReadSettings {
  readonly root: Fields;
  readonly routes: ReadRoute[];
  readonly keyHeaders: string[];
}

export interface ReadRoute extends ReadNamed {
  readonly path: string;
  readonly method: string;
  readonly authority: string;
  readonly arms: ReadNamed[];
  readonly canary: ReadCanary | null;
  readonly limits: (ReadNamed & { readonly values: ReadNamed[] })[];
}

export interface ReadCanary {
  readonly stable: string;
  readonly cluster: string;
  readonly fields: Fields;
}

export interface ReadNamed {
  readonly name: string;
  readonly fields: Fields;
}

/** Everything in the lab's settings block; throws where a text lies outside the block's texts. */
export function readSettings(lab: ConfigLab): ReadSettings {
  const { exports, settings } = lab;
  const view = lab.view();
  const root = readFields(view, settings, SETTINGS);
  const textAt = exports.textAt(settings);
  const textEnd = textAt + Number(root["textBytes"]);

  const text = (fields: Fields, name: string): string => {
    const at = Number(fields[`${name}Ptr`]);
    const length = Number(fields[`${name}Length`]);
    if (length === 0) return "";
    if (at < textAt || at + length > textEnd) throw new Error(`${name} lies outside the texts`);
    return lab.memory().toString("latin1", at, at + length);
  };
  const many = <T>(first: unknown, count: unknown, read: (index: number) => T): T[] => {
    return Array.from({ length: Number(count) }, (_, i) => read(Number(first) + i));
  };
  const value = (index: number): ReadNamed => {
    const fields = readFields(view, exports.valueAt(settings, index), VALUE);
    return { name: text(fields, "value"), fields };
  };
  const arm = (index: number): ReadNamed => {
    const fields = readFields(view, exports.armAt(settings, index), ARM);
    return { name: text(fields, "name"), fields };
  };
  const limit = (index: number): ReadNamed & { values: ReadNamed[] } => {
    const fields = readFields(view, exports.limitAt(settings, index), LIMIT);
    const values = many(fields["valueFirst"], fields["valueCount"], value);
    return { name: text(fields, "name"), fields, values };
  };
  const canary = (index: number): ReadCanary | null => {
    if (index < 0) return null;
    const fields = readFields(view, exports.canaryAt(settings, index), CANARY);
    return { stable: text(fields, "stable"), cluster: text(fields, "cluster"), fields };
  };
  const route = (index: number): ReadRoute => {
    const fields = readFields(view, exports.routeAt(settings, index), ROUTE);
    return {
      name: text(fields, "name"),
      path: text(fields, "path"),
      method: text(fields, "method"),
      authority: text(fields, "authority"),
      fields,
      canary: canary(Number(fields["canary"]) - 1),
      arms: many(fields["armFirst"], fields["armCount"], arm),
      limits: many(fields["limitFirst"], fields["limitCount"], limit),
    };
  };
  const keyHeaders = many(0, root["keyHeaderCount"], (index) => {
    return text(readFields(view, exports.keyHeaderAt(settings, index), KEY), "name");
  });
  return { root, routes: many(0, root["routeCount"], route), keyHeaders };
}
