// Runs the filter's own content scorer (build/content.lab.wasm) in Node: for tests and benches that
// must not trust the reference.

import type { ArtifactStatus } from "../contract";
import type { ContentScore } from "./reference-content";

interface LabExports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  artifactArea(): number;
  targetArea(): number;
  scoreArea(): number;
  pieceArea(): number;
  loadContent(bytes: number): number;
  score(bytes: number): number;
  pieces(field: number, oneClass: number): number;
  repeat(bytes: number, count: number): number;
  originOf(at: number): number;
  fieldBegin(field: number): number;
  fieldEnd(field: number): number;
  fieldText(): number;
}

/** The end of an n-gram of a target, and the weight that it and its endings added. */
export interface ContentPiece {
  readonly at: number;
  readonly weight: number;
}

export class ContentLab {
  readonly wasm: LabExports;

  private constructor(instance: WebAssembly.Instance) {
    this.wasm = instance.exports as unknown as LabExports;
    this.wasm._initialize();
  }

  /** @param module bytes of build/content.lab.wasm */
  static start(module: Uint8Array): ContentLab {
    const imports = {
      env: {
        abort: () => {
          throw new WebAssembly.RuntimeError("the content scorer aborted");
        },
      },
    };
    return new ContentLab(new WebAssembly.Instance(new WebAssembly.Module(module), imports));
  }

  /** Puts an artifact into place, and maps it when it is good. */
  load(artifact: Uint8Array): ArtifactStatus {
    new Uint8Array(this.wasm.memory.buffer).set(artifact, this.wasm.artifactArea());
    return this.wasm.loadContent(artifact.length);
  }

  /** Scores a target of at most 64 KiB. */
  score(target: Uint8Array): ContentScore {
    new Uint8Array(this.wasm.memory.buffer).set(target, this.wasm.targetArea());
    this.wasm.score(target.length);
    const words = new Int32Array(this.wasm.memory.buffer, this.wasm.scoreArea(), 8);
    return {
      supervised: words[0]!,
      supervisedField: words[1]!,
      oneClass: words[2]!,
      oneClassField: words[3]!,
      supervisedEvidence: words[4]!,
      oneClassEvidence: words[5]!,
      evidence: words[6]!,
      fields: words[7]!,
    };
  }

  /** Heaviest n-grams of a field of the target that was scored last. */
  pieces(field: number, oneClass: boolean): ContentPiece[] {
    const count = this.wasm.pieces(field, oneClass ? 1 : 0);
    const words = new Int32Array(this.wasm.memory.buffer, this.wasm.pieceArea(), 2 * count);
    return Array.from({ length: count }, (_, i) => ({
      at: words[2 * i]!,
      weight: words[2 * i + 1]!,
    }));
  }
}
