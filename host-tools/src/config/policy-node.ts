// A place in the user's policy file: a YAML node together with its path and its line and column, so
// that every complaint says where. Read from the syntax tree, not from plain objects, because those
// have forgotten where they came from.

import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from "yaml";
import { nearest } from "../lib/nearest";
import { tellingFaults, yamlFault } from "../lib/yaml-fault";
import { shownValue } from "./fault";

/** Where a value stands; line and column count from 1. */
export interface PolicyPlace {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** One complaint about a policy. */
export interface PolicyFault extends PolicyPlace {
  /** The value as JSON, where one is at fault. */
  readonly value?: string;
  readonly message: string;
}

/** Complains of a place that was read. */
export type RefuseAt = (place: PolicyPlace, message: string, scalar?: unknown) => void;

/** A complaint about what was read and fits into no other part; the message names the place's path. */
export interface PlacedFault {
  readonly place: PolicyPlace;
  readonly message: string;
}

export function faultAt(place: PolicyPlace, message: string): PlacedFault {
  return { place, message: `${place.path}: ${message}` };
}

/** A member that the mesh knows from `1.istioMinor` on. */
export interface IstioNeed {
  readonly place: PolicyPlace;
  readonly istioMinor: number;
}

/** `PATH = VALUE: MESSAGE`, with what there is of it. */
export function policyFaultLine({ path, value, message }: PolicyFault): string {
  if (path === "") return message;
  return `${path}${value === undefined ? "" : ` = ${value}`}: ${message}`;
}

/** Collects the complaints of one file, so that all are told at once. */
export class PolicySource {
  readonly faults: PolicyFault[] = [];
  /** What the file says that not every Istio knows. */
  readonly istioNeeds: IstioNeed[] = [];
  private readonly lines = new LineCounter();
  private readonly document: Document;

  constructor(text: string) {
    this.document = parseDocument(text, { lineCounter: this.lines, prettyErrors: false });
    for (const error of tellingFaults(this.document.errors)) {
      const { line, col } = this.lines.linePos(error.pos[0]);
      this.faults.push({ path: "", line, column: col, message: yamlFault(error, text) });
    }
  }

  root(): PolicyNode {
    return new PolicyNode(this, this.document.contents, "", 0);
  }

  /** Follows an alias to what it stands for. */
  resolve(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.document) : node;
  }

  /** Notes a complaint about a place that was read before. */
  refuse(place: PolicyPlace, message: string, scalar?: unknown): void {
    const value = shownValue(scalar);
    this.faults.push({ ...place, message, ...(value === undefined ? {} : { value }) });
  }

  place(path: string, offset: number): PolicyPlace {
    const { line, col } = this.lines.linePos(offset);
    return { path, line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

/**
 * The keys that a mapping may have, and those that are known but not supported yet, with the
 * reason.
 */
export interface KnownKeys {
  readonly keys: readonly string[];
  readonly later?: Readonly<Record<string, string>>;
}

export class PolicyNode {
  readonly place: PolicyPlace;
  private readonly node: unknown;

  constructor(
    private readonly source: PolicySource,
    node: unknown,
    readonly path: string,
    fallbackOffset: number,
  ) {
    const range = (node as { range?: [number, number, number] | null } | null)?.range;
    this.offset = range?.[0] ?? fallbackOffset;
    this.place = source.place(path, this.offset);
    this.node = source.resolve(node);
  }

  private readonly offset: number;

  /** Notes a complaint about this place, and shows its value where that is a scalar. */
  refuse(message: string): void {
    this.refuseAt(this.place, message, this.scalar ?? undefined);
  }

  /** Notes a complaint about another place that was read before. */
  refuseAt(place: PolicyPlace, message: string, scalar?: unknown): void {
    this.source.refuse(place, message, scalar);
  }

  /** Notes a complaint about the key, whatever its value. */
  refuseKey(message: string): void {
    this.source.refuse(this.place, message);
  }

  /** Notes that this place needs `1.minor` of Istio. */
  noteIstio(istioMinor: number): void {
    this.source.istioNeeds.push({ place: this.place, istioMinor });
  }

  /** How many complaints the file has by now. */
  get faultCount(): number {
    return this.source.faults.length;
  }

  /** True for a missing value, `~` and `null`. */
  get isNull(): boolean {
    return this.node === null || this.node === undefined || this.scalar === null;
  }

  get isMap(): boolean {
    return isMap(this.node);
  }

  get isList(): boolean {
    return isSeq(this.node);
  }

  /** The value of a scalar; undefined for maps and lists. */
  get scalar(): unknown {
    return isScalar(this.node) ? this.node.value : undefined;
  }

  /** A scalar of any kind, whose bounds somebody else knows; complains of maps and lists. */
  single(): unknown {
    if (this.isMap || this.isList) this.refuse("must be a single value");
    return this.scalar;
  }

  /** The members of a mapping whose keys are names; the user chooses them. */
  entries(): [string, PolicyNode][] {
    if (!isMap(this.node)) {
      if (!this.isNull) this.refuse("must be a mapping");
      return [];
    }
    return this.node.items.map((pair) => {
      const key = this.source.resolve(pair.key);
      const name = String(isScalar(key) ? key.value : key);
      const offset = (key as { range?: [number, number, number] | null })?.range?.[0];
      const path = this.path === "" ? name : `${this.path}.${name}`;
      return [name, new PolicyNode(this.source, pair.value, path, offset ?? this.offset)];
    });
  }

  /** The members of a mapping with fixed keys; complains of every other key. */
  members(known: KnownKeys): Map<string, PolicyNode> {
    const members = new Map<string, PolicyNode>();
    for (const [key, member] of this.entries()) {
      const later = known.later?.[key];
      if (known.keys.includes(key)) {
        if (!member.isNull) members.set(key, member);
      } else if (later !== undefined) {
        member.refuseKey(`is not supported yet; ${later}`);
      } else {
        const guess = nearest(key, known.keys);
        const help =
          guess === undefined ? `known are ${known.keys.join(", ")}` : `did you mean ${guess}?`;
        member.refuseKey(`unknown key; ${help}`);
      }
    }
    return members;
  }

  /** The items of a list. */
  items(): PolicyNode[] {
    if (!isSeq(this.node)) {
      if (!this.isNull) this.refuse("must be a list");
      return [];
    }
    return this.node.items.map(
      (item, index) => new PolicyNode(this.source, item, `${this.path}[${index}]`, this.offset),
    );
  }

  /** A text; complains of anything else. */
  text(): string | undefined {
    if (typeof this.scalar === "string") return this.scalar;
    this.refuse("must be a text (numbers and true/false need quotes)");
    return undefined;
  }

  /** A whole number in [low, high]. */
  whole(low: number, high: number): number | undefined {
    const value = this.scalar;
    if (typeof value === "number" && Number.isInteger(value) && value >= low && value <= high) {
      return value;
    }
    this.refuse(`must be a whole number in [${low}, ${high}]`);
    return undefined;
  }
}
