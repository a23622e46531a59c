// The configuration reader's lab module in Node: compiled once per source text into .cache, and fed
// through regions that are laid out to catch what must not happen. The JSON ends with the last byte
// of the memory, so that reading beyond it traps; every other region lies between guard bytes.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ARTIFACT_BYTES_MAX, CONFIG_BYTES_MAX } from "../../../host-tools/src/contract";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const ARGS = "assembly/config-lab.ts --config none --runtime stub --enable simd -O3 --converge";
const CACHE = join(ROOT, ".cache/config-wasm");
const PAGE_BYTES = 65536;
const GUARD_BYTES = 1024;
const GUARD = 0xa5;
const LINE_BYTES = 320;

interface LabExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  _initialize(): void;
  settingsBytes(): number;
  reportBytes(): number;
  parse(json: number, bytes: number, settings: number, artifact: number, report: number): number;
  problemOf(report: number): number;
  render(report: number, target: number, capacity: number): number;
  routeAt(settings: number, index: number): number;
  armAt(settings: number, index: number): number;
  canaryAt(settings: number, index: number): number;
  limitAt(settings: number, index: number): number;
  valueAt(settings: number, index: number): number;
  keyHeaderAt(settings: number, index: number): number;
  textAt(settings: number): number;
  walk(json: number, bytes: number, scratch: number, scratchBytes: number, out: number): number;
  sha256(source: number, length: number, target: number): void;
  base64Bytes(source: number, length: number): number;
  decodeBase64(source: number, length: number, target: number, capacity: number): number;
  hash64(source: number, length: number): bigint;
  hash64Joined(a: number, aLength: number, b: number, bLength: number): bigint;
  sipHash13(source: number, length: number, k0: bigint, k1: bigint): bigint;
  sipHash24(source: number, length: number, k0: bigint, k1: bigint): bigint;
}

export interface Outcome {
  readonly accepted: boolean;
  /** The rendered report; empty when the configuration was accepted. */
  readonly line: string;
}

interface Region {
  readonly at: number;
  readonly bytes: number;
}

export class ConfigLab {
  readonly exports: LabExports;
  readonly settings: number;
  readonly artifact: number;
  readonly scratch: number;
  readonly scratchBytes = 512;
  private readonly report: number;
  private readonly line: number;
  private readonly regions: Region[] = [];
  private next: number;

  constructor(module: WebAssembly.Module) {
    this.exports = new WebAssembly.Instance(module, {}).exports as unknown as LabExports;
    this.exports._initialize();
    this.next = this.exports.memory.buffer.byteLength;
    this.exports.memory.grow(Math.ceil((8 * CONFIG_BYTES_MAX) / PAGE_BYTES));
    this.settings = this.region(this.exports.settingsBytes());
    this.artifact = this.region(ARTIFACT_BYTES_MAX);
    this.report = this.region(this.exports.reportBytes());
    this.line = this.region(LINE_BYTES);
    this.scratch = this.region(this.scratchBytes);
    this.region(0);
  }

  /** Takes the next bytes of memory, a guard before them. */
  private region(bytes: number): number {
    const at = this.next + GUARD_BYTES;
    this.memory().fill(GUARD, this.next, at);
    this.regions.push({ at, bytes });
    this.next = at + Math.ceil(bytes / 8) * 8;
    return at;
  }

  memory(): Buffer {
    return Buffer.from(this.exports.memory.buffer);
  }

  view(): DataView {
    return new DataView(this.exports.memory.buffer);
  }

  /** Free memory after the regions. */
  get free(): number {
    return this.next;
  }

  /** Puts bytes against the end of the memory and answers their address. */
  place(bytes: Uint8Array): number {
    const memory = this.memory();
    const at = memory.length - bytes.length;
    memory.set(bytes, at);
    return at;
  }

  parse(json: string | Uint8Array): Outcome {
    const bytes = typeof json === "string" ? Buffer.from(json) : json;
    const at = this.place(bytes);
    const { settings, artifact, report } = this;
    const accepted = this.exports.parse(at, bytes.length, settings, artifact, report);
    return { accepted: accepted === 1, line: this.renderLine(LINE_BYTES) };
  }

  /** The last report as a line of at most `capacity` bytes. */
  renderLine(capacity: number): string {
    const length = this.exports.render(this.report, this.line, capacity);
    return this.memory().toString("latin1", this.line, this.line + length);
  }

  /** ConfigProblem of the last report. */
  get problem(): number {
    return this.exports.problemOf(this.report);
  }

  /** Every byte between the regions is as it was, and `source` still ends the memory. */
  isIntact(source: Uint8Array): boolean {
    const memory = this.memory();
    if (memory.compare(source, 0, source.length, memory.length - source.length) !== 0) return false;
    return this.regions.every(({ at }) => {
      return memory.subarray(at - GUARD_BYTES, at).every((byte) => byte === GUARD);
    });
  }
}

let compiled: WebAssembly.Module | undefined;

/** A new instance of the lab module. */
export function configLab(): ConfigLab {
  compiled ??= new WebAssembly.Module(labBinary());
  return new ConfigLab(compiled);
}

function labBinary(): Uint8Array<ArrayBuffer> {
  const out = join(CACHE, `lab-${sourceDigest()}.wasm`);
  if (!existsSync(out)) {
    mkdirSync(CACHE, { recursive: true });
    const partial = `${out}.${process.pid}`;
    const asc = join(ROOT, "node_modules/assemblyscript/bin/asc.js");
    // Without a handler an abort is a bare trap, which is what the tests look for.
    const args = [...ARGS.split(" "), "--exportStart", "_initialize", "--use", "abort="];
    execFileSync(process.execPath, [asc, ...args, "-o", partial], { cwd: ROOT, stdio: "pipe" });
    renameSync(partial, out);
  }
  return new Uint8Array(readFileSync(out));
}

function sourceDigest(): string {
  const hash = createHash("sha256").update(ARGS);
  const files = ["assembly/config", "assembly/contract"].flatMap((folder) => {
    return readdirSync(join(ROOT, folder)).map((file) => join(folder, file));
  });
  files.push("assembly/config-lab.ts", "assembly/state/siphash.ts");
  for (const file of files.sort()) hash.update(file).update(readFileSync(join(ROOT, file)));
  return hash.digest("hex").slice(0, 16);
}
