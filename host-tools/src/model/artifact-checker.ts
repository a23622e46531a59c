// Looks at single places of an artifact and refuses with the filter's status and a sentence.

import { type ArtifactStatus, artifactStatusName } from "../contract";
import { ExitCode, GanglionError } from "../lib/errors";

export class ArtifactChecker {
  readonly view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The signed number at a place, refused outside of [low, high]. */
  number(status: ArtifactStatus, field: string, at: number, low: number, high: number): number {
    const value = this.view.getInt32(at, true);
    if (value < low || value > high) {
      const bound = low === high ? `${low}` : `${low} to ${high}`;
      throw artifactRefusal(status, `${field} is ${value}, must be ${bound}`);
    }
    return value;
  }

  zeros(status: ArtifactStatus, field: string, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const value = this.view.getUint8(at);
      if (value === 0) continue;
      throw artifactRefusal(status, `${field} has ${value} at byte ${at}, must be zero`);
    }
  }
}

export function artifactRefusal(status: ArtifactStatus, problem: string): GanglionError {
  const name = artifactStatusName(status);
  return new GanglionError(`E_ARTIFACT_${name.toUpperCase()}`, `artifact ${name}: ${problem}`, {
    exitCode: ExitCode.badInput,
    hint: "Use a file that this version's `ganglion train` wrote, unchanged.",
  });
}
