// Configurations and artifacts that nobody should send, by kind, seeded. Some are wrong by
// construction and must be refused; mutations may happen to be valid, which is for an oracle to say
// (`isValidInput`): the host tool's own reader, which shares no code with the filter's.

import { createHash } from "node:crypto";
import { configFaults } from "../../host-tools/src/config/validate";
import { canonicalJson, type PluginConfig } from "../../host-tools/src/config/plugin-config";
import {
  ARTIFACT_AT_HIDDEN,
  ARTIFACT_AT_INPUTS,
  ARTIFACT_AT_OUTPUTS,
  ARTIFACT_AT_SELF_TEST_STEPS,
  ARTIFACT_AT_TOTAL_BYTES,
  ARTIFACT_BYTES_MAX,
  ARTIFACT_HEADER_BYTES,
  CONFIG_BYTES_MAX,
  FEATURES,
  ROUTES_MAX,
} from "../../host-tools/src/contract";
import type { Prng } from "../../host-tools/src/lib/prng";
import { decodeArtifact } from "../../host-tools/src/model/artifact";
import { selfTestPasses } from "../../host-tools/src/model/quantiser";

export interface HostileInput {
  readonly kind: string;
  readonly bytes: Buffer;
  /** What the reason must say; undefined where the input may be valid. */
  readonly reason: RegExp | undefined;
}

/** A refused input and the reason that was logged. */
export interface Refused {
  readonly input: HostileInput;
  readonly reason: string;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const ANY_REASON = /\S/;
const MODEL_REASON = /^model: [a-z_]+$/;

/** Draws inputs made from one valid configuration and one valid artifact. */
export class HostileInputs {
  private readonly config: Record<string, Json>;
  private readonly text: string;
  private readonly makers: readonly [string, () => Omit<HostileInput, "kind">][];
  private made = 0;

  constructor(
    config: PluginConfig,
    private readonly artifact: Uint8Array,
    private readonly random: Prng,
  ) {
    const { model: _model, ...rest } = config;
    this.config = JSON.parse(canonicalJson(rest)) as Record<string, Json>;
    this.text = canonicalJson(rest);
    this.makers = [
      ["empty", () => this.empty()],
      ["truncated", () => this.truncated()],
      ["wrong hash", () => this.wrongHash()],
      ["wrong shape", () => this.wrongShape()],
      ["wrong type", () => this.wrongType()],
      ["no number", () => this.noNumber()],
      ["NaN in artifact", () => this.nanInArtifact()],
      ["oversize", () => this.oversize()],
      ["random bytes", () => this.randomBytes()],
      ["random artifact", () => this.randomArtifact()],
      ["odd value", () => this.oddValue()],
      ["mutated", () => this.mutated()],
      ["mutated artifact", () => this.mutatedArtifact()],
    ];
  }

  get kinds(): string[] {
    return this.makers.map(([kind]) => kind);
  }

  /** The next input; kinds take turns. */
  next(): HostileInput {
    const [kind, make] = this.makers[this.made++ % this.makers.length] as (typeof this.makers)[0];
    return { kind, ...make() };
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.random.below(items.length)] as T;
  }

  private empty() {
    return text(this.pick([" ", "\n", "\t \r\n"]).repeat(this.random.below(50)), /empty/);
  }

  private truncated() {
    const whole = this.random.below(2) === 0 ? this.text : this.withArtifact(this.artifact);
    return text(whole.slice(0, 1 + this.random.below(whole.length - 1)));
  }

  private wrongHash() {
    const digest = createHash("sha256").update(this.artifact).digest("hex");
    if (this.random.below(2) === 0) {
      const at = this.random.below(64);
      const other = this.pick([..."0123456789abcdef"].filter((digit) => digit !== digest[at]));
      const wrong = digest.slice(0, at) + other + digest.slice(at + 1);
      return text(this.withArtifact(this.artifact, wrong), /does not match model\.base64/);
    }
    const changed = this.changedArtifact(1);
    return text(this.withArtifact(changed, digest), /does not match model\.base64/);
  }

  private wrongShape() {
    const bytes = Uint8Array.from(this.artifact);
    const view = new DataView(bytes.buffer);
    const at = this.pick([
      ARTIFACT_AT_HIDDEN,
      ARTIFACT_AT_INPUTS,
      ARTIFACT_AT_OUTPUTS,
      ARTIFACT_AT_SELF_TEST_STEPS,
      ARTIFACT_AT_TOTAL_BYTES,
    ]);
    const was = view.getUint32(at, true);
    const values = [0, 8, 16, 32, 64, 4096, was + 1, was - 1, 2 * was, 0x7fffffff, 0xffffffff];
    view.setUint32(at, this.pick(values.filter((value) => value !== was)), true);
    return text(this.withArtifact(bytes), MODEL_REASON);
  }

  /** One value of the configuration replaced by one of another type. */
  private wrongType() {
    const copy = structuredClone(this.config);
    const { parent, key } = this.pick(placesOf(copy));
    const member = parent as Record<string | number, Json>;
    const was = member[key] as Json;
    const others: Json[] = [7, "seven", true, [1], { seven: 7 }, 0.5, "", [], {}];
    member[key] = this.pick(others.filter((value) => typeName(value) !== typeName(was)));
    return text(JSON.stringify(copy));
  }

  /** One value replaced by another of its type: within its bounds, at them, or far outside. */
  private oddValue(): Omit<HostileInput, "kind"> {
    const copy = structuredClone(this.config);
    const leaves = placesOf(copy).filter(({ parent, key }) => {
      return typeof (parent as Record<string | number, Json>)[key] !== "object";
    });
    const { parent, key } = this.pick(leaves);
    const member = parent as Record<string | number, Json>;
    const numbers = [0, 1, 2, 10, 100, 999, 1001, 1e6, 1e9, 0.5, -1, 1e15, 9007199254740992];
    const texts = [
      "a",
      "b",
      "x".repeat(63),
      "x".repeat(64),
      "/",
      "GET",
      "shadow",
      "tag",
      "é",
      ".a",
    ];
    const was = member[key];
    if (typeof was === "number") member[key] = this.pick(numbers);
    else if (typeof was === "string") member[key] = this.pick(texts);
    else member[key] = !was;
    return { bytes: Buffer.from(JSON.stringify(copy)), reason: undefined };
  }

  /** One number of the configuration replaced by what JSON or the bounds do not have. */
  private noNumber() {
    const wrong = [
      "NaN",
      "Infinity",
      "-Infinity",
      "1e400",
      "-1e400",
      "-0",
      "0x10",
      "1.",
      ".5",
      "+1",
    ];
    const numbers = [...this.text.matchAll(/:(\d[\d.]*)/g)];
    const found = this.pick(numbers);
    const from = (found.index as number) + 1;
    const until = from + (found[1] as string).length;
    return text(this.text.slice(0, from) + this.pick(wrong) + this.text.slice(until));
  }

  private nanInArtifact() {
    const bytes = Uint8Array.from(this.artifact);
    const view = new DataView(bytes.buffer);
    const feature = this.random.below(FEATURES);
    const isScale = this.random.below(2) === 1;
    const wrong = [NaN, Infinity, -Infinity, ...(isScale ? [0, -1, 1e-40] : [])];
    const at = ARTIFACT_HEADER_BYTES + 4 * (isScale ? FEATURES + feature : feature);
    view.setFloat32(at, this.pick(wrong), true);
    return text(this.withArtifact(bytes), /^model: bad_calibration$/);
  }

  private oversize() {
    switch (this.random.below(5)) {
      case 0:
        return text(`${this.text}${" ".repeat(CONFIG_BYTES_MAX)}`, /larger than/);
      case 1: {
        const bytes = Buffer.alloc(ARTIFACT_BYTES_MAX + 1 + this.random.below(5000), this.artifact);
        return text(this.withArtifact(bytes));
      }
      case 2: {
        const count = ROUTES_MAX + 1 + this.random.below(100);
        const routes = Array.from({ length: count }, (_, i) => ({ name: `r${i}` }));
        return text(JSON.stringify({ ...this.config, routes }), /entries/);
      }
      case 3:
        return text(
          JSON.stringify({ ...this.config, mode: "x".repeat(1 + this.random.below(9e4)) }),
        );
      default: {
        const depth = 20 + this.random.below(2000);
        return text(`{"version":1,"routes":${"[".repeat(depth)}${"]".repeat(depth)}}`);
      }
    }
  }

  private randomBytes() {
    const noise = Buffer.from(
      Array.from({ length: 1 + this.random.below(400) }, () => this.random.below(256)),
    );
    const begin = this.text.slice(0, this.random.below(this.text.length));
    const bytes = this.random.below(2) === 0 ? noise : Buffer.concat([Buffer.from(begin), noise]);
    return { bytes, reason: ANY_REASON };
  }

  /** Noise of any length, half of it behind the header of a valid artifact. */
  private randomArtifact() {
    const hasHeader = this.random.below(2) === 0;
    const length = hasHeader ? this.artifact.length : 1 + this.random.below(4000);
    const bytes = Uint8Array.from({ length }, (_, i) =>
      hasHeader && i < ARTIFACT_HEADER_BYTES
        ? (this.artifact[i] as number)
        : this.random.below(256),
    );
    return text(this.withArtifact(bytes), MODEL_REASON);
  }

  /** One to four edits of the text: overwrite, remove, repeat, swap or insert. */
  private mutated(): Omit<HostileInput, "kind"> {
    let out = Buffer.from(
      this.random.below(8) === 0 ? this.withArtifact(this.artifact) : this.text,
    );
    for (let edits = 1 + this.random.below(4); edits > 0; edits--) {
      const at = this.random.below(out.length + 1);
      const length = this.random.below(8);
      const [before, after] = [out.subarray(0, at), out.subarray(at)];
      switch (this.random.below(5)) {
        case 0:
          if (at < out.length) out[at] = this.random.below(256);
          break;
        case 1:
          out = Buffer.concat([before, after.subarray(length)]);
          break;
        case 2:
          out = Buffer.concat([before, before.subarray(Math.max(0, at - length)), after]);
          break;
        case 3:
          if (at < out.length) out[at] = 48 + this.random.below(10);
          break;
        default:
          out = Buffer.concat([before, Buffer.from(this.pick(SNIPPETS)), after]);
      }
    }
    return { bytes: out, reason: undefined };
  }

  private mutatedArtifact(): Omit<HostileInput, "kind"> {
    const changed = this.changedArtifact(1 + this.random.below(8));
    return { bytes: Buffer.from(this.withArtifact(changed)), reason: undefined };
  }

  /** The artifact with that many bytes changed, half of the changes in its header and tables. */
  private changedArtifact(changes: number): Uint8Array {
    const bytes = Uint8Array.from(this.artifact);
    for (let i = 0; i < changes; i++) {
      const reach = this.random.below(2) === 0 ? 1024 : bytes.length;
      const at = this.random.below(Math.min(reach, bytes.length));
      bytes[at] = (bytes[at] as number) ^ (1 + this.random.below(255));
    }
    return bytes;
  }

  private withArtifact(bytes: Uint8Array, digest?: string): string {
    const sha256 = digest ?? createHash("sha256").update(bytes).digest("hex");
    const model = { sha256, base64: Buffer.from(bytes).toString("base64") };
    return canonicalJson({ ...this.config, model });
  }
}

const SNIPPETS = [
  "null",
  "1e999",
  '"\\ud800"',
  "[[[[",
  "{{{{",
  ',"routes":[]',
  "\\",
  '"',
  "\u0000",
];

function text(json: string, reason = ANY_REASON): Omit<HostileInput, "kind"> {
  return { bytes: Buffer.from(json), reason };
}

function typeName(value: Json): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "list" : typeof value;
}

interface Place {
  readonly parent: Json[] | { [key: string]: Json };
  readonly key: string | number;
}

function placesOf(value: Json): Place[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) {
    return value.flatMap((item, key) => [{ parent: value, key }, ...placesOf(item)]);
  }
  return Object.entries(value).flatMap(([key, item]) => [
    { parent: value, key },
    ...placesOf(item),
  ]);
}

/** Whether the host tool's own reader finds nothing wrong, neither in the text nor in the model. */
export function isValidInput(bytes: Buffer): boolean {
  try {
    const decoded = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const config = JSON.parse(decoded) as PluginConfig;
    if (configFaults(config).length > 0) return false;
    if (!config.model) return true;
    return selfTestPasses(decodeArtifact(Buffer.from(config.model.base64, "base64")));
  } catch {
    return false;
  }
}
